-- Only one token of a family is not spent, and only that one is looked for by its family now.
CREATE INDEX IF NOT EXISTS "refresh_tokens_live" ON "refresh_tokens" USING btree ("family_id") WHERE spent_at is null;--> statement-breakpoint

-- Triggers fire in the order of their names. A changed reaction takes its new day's row first and then the old one's, as a
-- view of somebody who comes back on a later day does: the other way round the two could wait for each other in a circle.
alter trigger reactions_changed_from on reactions rename to reactions_changed_old;--> statement-breakpoint
alter trigger reactions_changed_to on reactions rename to reactions_changed_new;
