-- What is derived from views, reactions and stories goes without foreign keys of its own: five look-ups and row locks less
-- for each view. A row of it is only written together with a view, a reaction or a story, whose keys hold the story and its
-- people until the end of the transaction; whoever removes those waits for it, and then removes what it has left.
-- Writers of all kinds take `stories` or `users` first, so these are waited for before anything else is locked.
lock table stories, users in access exclusive mode;--> statement-breakpoint
ALTER TABLE "author_days" DROP CONSTRAINT "author_days_author_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "author_viewers" DROP CONSTRAINT "author_viewers_author_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "author_viewers" DROP CONSTRAINT "author_viewers_viewer_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "events" DROP CONSTRAINT "events_author_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "story_counters" DROP CONSTRAINT "story_counters_story_id_stories_id_fk";
--> statement-breakpoint

-- The object of a story that is gone, also with its removed author, is for the worker to take away.
create or replace function on_stories_removed() returns trigger language plpgsql as $$
begin
  update media_uploads m set state = 'removing' from removed r where m.story_id = r.id and m.state = 'claimed';
  delete from story_counters c using removed r where c.story_id = r.id;
  return null;
end $$;--> statement-breakpoint

-- Deferred to the end of the transaction: keys cascade from users to stories and from these to views and reactions, and a
-- plain trigger would fire between the two, before whoever is writing one of the latter was waited for.
create function on_user_removed() returns trigger language plpgsql as $$
begin
  delete from events where author_id = old.id;
  delete from author_days where author_id = old.id;
  delete from author_viewers where author_id = old.id;
  delete from author_viewers where viewer_id = old.id;
  return null;
end $$;--> statement-breakpoint
create constraint trigger user_removed after delete on users
deferrable initially deferred for each row execute function on_user_removed();--> statement-breakpoint

-- One statement instead of three for a set of views, and a look less for a single one, which goes by key as before. Both
-- take their locks in one order, so that two writers on one shard never wait in a circle: the story's row, the viewer's,
-- the author's. In the one statement that is what asking for the part before is for.
create or replace function on_views_added() returns trigger language plpgsql as $$
declare
  one record;
  author uuid;
  is_first boolean;
  known_day date;
  known_viewers bigint;
begin
  select a.story_id, a.viewer_id, utc_day(a.viewed_at) as day, not exists (select 1 from added offset 1) as is_alone
  into one from added a;
  if not found then return null; end if;

  if one.is_alone then
    select s.author_id into author from stories s where s.id = one.story_id;
    if author is null or author = one.viewer_id then return null; end if;

    insert into story_counters as c (story_id, shard, views) values (one.story_id, counter_shard(), 1)
    on conflict (story_id, shard) do update set views = c.views + 1;

    insert into author_viewers (author_id, viewer_id, last_day) values (author, one.viewer_id, one.day)
    on conflict do nothing;
    is_first := found;

    insert into author_days as d (author_id, day, shard, views, last_viewers)
    values (author, one.day, counter_shard(), 1, is_first::int)
    on conflict (author_id, day, shard) do update
      set views = d.views + 1, last_viewers = d.last_viewers + excluded.last_viewers;
    if is_first then return null; end if;

    select v.last_day into known_day from author_viewers v
    where v.author_id = author and v.viewer_id = one.viewer_id and v.last_day < one.day
    for update;
    if not found then return null; end if;
    update author_viewers v set last_day = one.day
    where v.author_id = author and v.viewer_id = one.viewer_id;
    insert into author_days as d (author_id, day, shard, last_viewers)
    values (author, known_day, counter_shard(), -1), (author, one.day, counter_shard(), 1)
    on conflict (author_id, day, shard) do update set last_viewers = d.last_viewers + excluded.last_viewers;
    return null;
  end if;

  with counted as materialized (
    select a.story_id, a.viewer_id, s.author_id, utc_day(a.viewed_at) as day
    from added a join stories s on s.id = a.story_id
    where a.viewer_id <> s.author_id
  ), by_story as (
    insert into story_counters as c (story_id, shard, views)
    select story_id, counter_shard(), count(*) from counted group by story_id order by story_id
    on conflict (story_id, shard) do update set views = c.views + excluded.views
    returning 1
  ), viewers as materialized (
    select author_id, viewer_id, max(day) as day from counted
    where (select count(*) from by_story) > 0
    group by author_id, viewer_id order by author_id, viewer_id
  ), first_time as (
    insert into author_viewers (author_id, viewer_id, last_day)
    select author_id, viewer_id, day from viewers
    on conflict do nothing
    returning author_id, last_day
  ), by_day as (
    insert into author_days as d (author_id, day, shard, views, last_viewers)
    select author_id, day, counter_shard(), sum(views), sum(last_viewers)
    from (
      select author_id, day, 1 as views, 0 as last_viewers from counted
      union all
      select author_id, last_day, 0, 1 from first_time
    ) changes
    group by author_id, day order by author_id, day
    on conflict (author_id, day, shard) do update
      set views = d.views + excluded.views, last_viewers = d.last_viewers + excluded.last_viewers
  )
  select (select count(*) from viewers) - (select count(*) from first_time) into known_viewers;
  if known_viewers = 0 then return null; end if;

  -- A known viewer who comes back on a later day moves from the old day's count to the new one's. By a statement of its
  -- own, which also sees who became known in a transaction that the one above has waited for.
  with seen as materialized (
    select s.author_id, a.viewer_id, max(utc_day(a.viewed_at)) as day
    from added a join stories s on s.id = a.story_id
    where a.viewer_id <> s.author_id
    group by 1, 2
  ), moving as materialized (
    select v.author_id, v.viewer_id, v.last_day, seen.day
    from seen join author_viewers v on v.author_id = seen.author_id and v.viewer_id = seen.viewer_id
    where v.last_day < seen.day
    order by v.author_id, v.viewer_id
    for update of v
  ), moved as (
    update author_viewers v set last_day = moving.day
    from moving where v.author_id = moving.author_id and v.viewer_id = moving.viewer_id
  )
  insert into author_days as d (author_id, day, shard, last_viewers)
  select author_id, day, counter_shard(), sum(n)
  from (
    select author_id, last_day as day, -1 as n from moving
    union all
    select author_id, day, 1 from moving
  ) changes
  group by 1, 2 order by 1, 2
  on conflict (author_id, day, shard) do update set last_viewers = d.last_viewers + excluded.last_viewers;
  return null;
end $$;--> statement-breakpoint

-- The argument is what each row counts, 1 or -1. A story that is going away with its reactions is left alone, and an
-- author's own are never counted. The locks are taken in the order of a view's.
create or replace function on_reactions_changed() returns trigger language plpgsql as $$
declare
  each_counts constant int := tg_argv[0];
begin
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
