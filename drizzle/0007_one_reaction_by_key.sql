-- A single reaction, which is what most statements write, goes by key like a single view: half of what the form for a set
-- costs. The argument is what each row counts, 1 or -1. A story that is going away with its reactions is left alone, and an
-- author's own are never counted. Both forms take the locks in the order of a view's: the story's row, then the author's.
create or replace function on_reactions_changed() returns trigger language plpgsql as $$
declare
  each_counts constant int := tg_argv[0];
  one record;
  author uuid;
begin
  select c.story_id, c.user_id, c.emoji, utc_day(c.created_at) as day, not exists (select 1 from changed offset 1) as is_alone
  into one from changed c;
  if not found then return null; end if;

  if one.is_alone then
    select s.author_id into author from stories s where s.id = one.story_id;
    if author is null or author = one.user_id then return null; end if;

    insert into story_counters as t (story_id, shard, r1, r2, r3, r4, r5, r6)
    values (one.story_id, counter_shard(),
      each_counts * (one.emoji = '👍')::int, each_counts * (one.emoji = '❤️')::int,
      each_counts * (one.emoji = '😂')::int, each_counts * (one.emoji = '😮')::int,
      each_counts * (one.emoji = '😢')::int, each_counts * (one.emoji = '🔥')::int)
    on conflict (story_id, shard) do update set
      r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
      r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6;

    insert into author_days as t (author_id, day, shard, r1, r2, r3, r4, r5, r6)
    values (author, one.day, counter_shard(),
      each_counts * (one.emoji = '👍')::int, each_counts * (one.emoji = '❤️')::int,
      each_counts * (one.emoji = '😂')::int, each_counts * (one.emoji = '😮')::int,
      each_counts * (one.emoji = '😢')::int, each_counts * (one.emoji = '🔥')::int)
    on conflict (author_id, day, shard) do update set
      r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
      r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6;
    return null;
  end if;

  with counted as materialized (
    select c.story_id, s.author_id, utc_day(c.created_at) as day, c.emoji
    from changed c join stories s on s.id = c.story_id
    where c.user_id <> s.author_id
  ), by_story as (
    insert into story_counters as t (story_id, shard, r1, r2, r3, r4, r5, r6)
    select story_id, counter_shard(),
      each_counts * count(*) filter (where emoji = '👍'), each_counts * count(*) filter (where emoji = '❤️'),
      each_counts * count(*) filter (where emoji = '😂'), each_counts * count(*) filter (where emoji = '😮'),
      each_counts * count(*) filter (where emoji = '😢'), each_counts * count(*) filter (where emoji = '🔥')
    from counted group by story_id order by story_id
    on conflict (story_id, shard) do update set
      r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
      r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6
    returning 1
  )
  insert into author_days as t (author_id, day, shard, r1, r2, r3, r4, r5, r6)
  select author_id, day, counter_shard(),
    each_counts * count(*) filter (where emoji = '👍'), each_counts * count(*) filter (where emoji = '❤️'),
    each_counts * count(*) filter (where emoji = '😂'), each_counts * count(*) filter (where emoji = '😮'),
    each_counts * count(*) filter (where emoji = '😢'), each_counts * count(*) filter (where emoji = '🔥')
  from counted
  where (select count(*) from by_story) > 0
  group by author_id, day order by author_id, day
  on conflict (author_id, day, shard) do update set
    r1 = t.r1 + excluded.r1, r2 = t.r2 + excluded.r2, r3 = t.r3 + excluded.r3,
    r4 = t.r4 + excluded.r4, r5 = t.r5 + excluded.r5, r6 = t.r6 + excluded.r6;
  return null;
end $$;
