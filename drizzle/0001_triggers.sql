-- What the schema file cannot say: invariants that hold for every writer, and storage settings.
alter table stories set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);--> statement-breakpoint
alter table story_counters set (fillfactor = 70);--> statement-breakpoint
alter table author_days set (fillfactor = 70);--> statement-breakpoint

-- Writers on different connections take different shards, so that they do not queue behind one row.
create function counter_shard() returns smallint language sql volatile as
$$ select (pg_backend_pid() % 16)::smallint $$;--> statement-breakpoint

create function utc_day(moment timestamptz) returns date language sql immutable as
$$ select (moment at time zone 'UTC')::date $$;--> statement-breakpoint

-- A listed audience narrows a story from all followers to the people listed, whoever wrote the rows.
create function on_audience_added() returns trigger language plpgsql as $$
begin
  update stories s set has_audience = true
  from (select distinct story_id from added) a
  where s.id = a.story_id and not s.has_audience;
  update story_audience t set created_at = s.created_at
  from added a join stories s on s.id = a.story_id
  where t.story_id = a.story_id and t.user_id = a.user_id and t.created_at <> s.created_at;
  return null;
end $$;--> statement-breakpoint
create trigger audience_added after insert on story_audience
referencing new table as added for each statement execute function on_audience_added();--> statement-breakpoint

create function on_stories_added() returns trigger language plpgsql as $$
begin
  insert into author_days as d (author_id, day, shard, posted)
  select a.author_id, utc_day(a.created_at), counter_shard(), count(*)
  from added a group by 1, 2 order by 1, 2
  on conflict (author_id, day, shard) do update set posted = d.posted + excluded.posted;
  return null;
end $$;--> statement-breakpoint
create trigger stories_added after insert on stories
referencing new table as added for each statement execute function on_stories_added();--> statement-breakpoint

-- The object of a story that is gone, also with its removed author, is for the worker to take away.
create function on_stories_removed() returns trigger language plpgsql as $$
begin
  update media_uploads m set state = 'removing' from removed r where m.story_id = r.id and m.state = 'claimed';
  return null;
end $$;--> statement-breakpoint
create trigger stories_removed after delete on stories
referencing old table as removed for each statement execute function on_stories_removed();--> statement-breakpoint

-- An author's own views are recorded but never counted.
create function on_views_added() returns trigger language plpgsql as $$
begin
  insert into story_counters as c (story_id, shard, views)
  select a.story_id, counter_shard(), count(*)
  from added a join stories s on s.id = a.story_id
  where a.viewer_id <> s.author_id
  group by a.story_id order by a.story_id
  on conflict (story_id, shard) do update set views = c.views + excluded.views;
  if not found then return null; end if;

  with seen as materialized (
    select s.author_id, a.viewer_id, utc_day(a.viewed_at) as day
    from added a join stories s on s.id = a.story_id
    where a.viewer_id <> s.author_id
  ), first_time as (
    insert into author_viewers (author_id, viewer_id, last_day)
    select author_id, viewer_id, max(day) from seen group by 1, 2 order by 1, 2
    on conflict do nothing
    returning author_id, last_day
  ), deltas as (
    select author_id, day, count(*) as views, 0 as last_viewers from seen group by 1, 2
    union all
    select author_id, last_day, 0, count(*) from first_time group by 1, 2
  )
  insert into author_days as d (author_id, day, shard, views, last_viewers)
  select author_id, day, counter_shard(), sum(views), sum(last_viewers)
  from deltas group by 1, 2 order by 1, 2
  on conflict (author_id, day, shard) do update
    set views = d.views + excluded.views, last_viewers = d.last_viewers + excluded.last_viewers;

  -- A known viewer who comes back on a later day moves from the old day's count to the new one's.
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
create trigger views_added after insert on story_views
referencing new table as added for each statement execute function on_views_added();--> statement-breakpoint

create function on_views_removed() returns trigger language plpgsql as $$
begin
  insert into story_counters as c (story_id, shard, views)
  select r.story_id, counter_shard(), -count(*)
  from removed r join stories s on s.id = r.story_id
  where r.viewer_id <> s.author_id and s.deleted_at is null
  group by r.story_id order by r.story_id
  on conflict (story_id, shard) do update set views = c.views + excluded.views;
  return null;
end $$;--> statement-breakpoint
create trigger views_removed after delete on story_views
referencing old table as removed for each statement execute function on_views_removed();--> statement-breakpoint

-- The author is looked up by the caller; a story that is going away with its reactions is left alone.
create function add_reaction(of_story uuid, by_user uuid, emoji text, moment timestamptz, delta int)
returns void language plpgsql as $$
declare
  author uuid;
  n int := array_position(array['👍', '❤️', '😂', '😮', '😢', '🔥'], emoji);
begin
  select s.author_id into author from stories s where s.id = of_story;
  if author is null or author = by_user then return; end if;
  insert into story_counters as c (story_id, shard, r1, r2, r3, r4, r5, r6)
  values (of_story, counter_shard(), (n = 1)::int * delta, (n = 2)::int * delta, (n = 3)::int * delta,
    (n = 4)::int * delta, (n = 5)::int * delta, (n = 6)::int * delta)
  on conflict (story_id, shard) do update set
    r1 = c.r1 + excluded.r1, r2 = c.r2 + excluded.r2, r3 = c.r3 + excluded.r3,
    r4 = c.r4 + excluded.r4, r5 = c.r5 + excluded.r5, r6 = c.r6 + excluded.r6;
  insert into author_days as d (author_id, day, shard, r1, r2, r3, r4, r5, r6)
  values (author, utc_day(moment), counter_shard(), (n = 1)::int * delta, (n = 2)::int * delta, (n = 3)::int * delta,
    (n = 4)::int * delta, (n = 5)::int * delta, (n = 6)::int * delta)
  on conflict (author_id, day, shard) do update set
    r1 = d.r1 + excluded.r1, r2 = d.r2 + excluded.r2, r3 = d.r3 + excluded.r3,
    r4 = d.r4 + excluded.r4, r5 = d.r5 + excluded.r5, r6 = d.r6 + excluded.r6;
end $$;--> statement-breakpoint

create function on_reaction_changed() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    perform add_reaction(old.story_id, old.user_id, old.emoji, old.created_at, -1);
  end if;
  if tg_op <> 'DELETE' then
    perform add_reaction(new.story_id, new.user_id, new.emoji, new.created_at, 1);
  end if;
  return null;
end $$;--> statement-breakpoint
create trigger reaction_changed after insert or update or delete on reactions
for each row execute function on_reaction_changed();
