-- Reactions are counted once a statement. Row by row, each row of a bulk load had to step over all versions of the
-- counters' rows that the rows before it had left in the same transaction, so that many to one story took forever.
drop trigger reaction_changed on reactions;--> statement-breakpoint
drop function on_reaction_changed();--> statement-breakpoint
drop function add_reaction(uuid, uuid, text, timestamptz, int);--> statement-breakpoint

-- The argument is what each row counts, 1 or -1. A story that is going away with its reactions is left alone, and an
-- author's own are never counted. First the story's row and then the author's, as a view does: a statement for each,
-- as the parts of one run in an order of their own, and two writers on one shard would wait for each other.
create function on_reactions_changed() returns trigger language plpgsql as $$
declare
  each_counts constant int := tg_argv[0];
begin
  insert into story_counters as t (story_id, shard, r1, r2, r3, r4, r5, r6)
  select s.id, counter_shard(),
    each_counts * count(*) filter (where c.emoji = '👍'), each_counts * count(*) filter (where c.emoji = '❤️'),
    each_counts * count(*) filter (where c.emoji = '😂'), each_counts * count(*) filter (where c.emoji = '😮'),
    each_counts * count(*) filter (where c.emoji = '😢'), each_counts * count(*) filter (where c.emoji = '🔥')
  from changed c join stories s on s.id = c.story_id
  where c.user_id <> s.author_id
  group by s.id order by s.id
  on conflict (story_id, shard) do update set
    r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
    r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6;
  if not found then return null; end if;

  insert into author_days as t (author_id, day, shard, r1, r2, r3, r4, r5, r6)
  select s.author_id, utc_day(c.created_at), counter_shard(),
    each_counts * count(*) filter (where c.emoji = '👍'), each_counts * count(*) filter (where c.emoji = '❤️'),
    each_counts * count(*) filter (where c.emoji = '😂'), each_counts * count(*) filter (where c.emoji = '😮'),
    each_counts * count(*) filter (where c.emoji = '😢'), each_counts * count(*) filter (where c.emoji = '🔥')
  from changed c join stories s on s.id = c.story_id
  where c.user_id <> s.author_id
  group by 1, 2 order by 1, 2
  on conflict (author_id, day, shard) do update set
    r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
    r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6;
  return null;
end $$;--> statement-breakpoint

create trigger reactions_added after insert on reactions
referencing new table as changed for each statement execute function on_reactions_changed('1');--> statement-breakpoint
create trigger reactions_removed after delete on reactions
referencing old table as changed for each statement execute function on_reactions_changed('-1');--> statement-breakpoint
create trigger reactions_changed_from after update on reactions
referencing old table as changed for each statement execute function on_reactions_changed('-1');--> statement-breakpoint
create trigger reactions_changed_to after update on reactions
referencing new table as changed for each statement execute function on_reactions_changed('1');
