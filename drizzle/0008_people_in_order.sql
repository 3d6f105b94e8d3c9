-- In the order in which people are listed, so that a page of a broad prefix reads as many rows as it shows. The index before,
-- of which a plan made without the prefix's value makes no use, stays for the code of the release before.
CREATE INDEX IF NOT EXISTS "users_handle_order" ON "users" USING btree ("handle" collate "C");
