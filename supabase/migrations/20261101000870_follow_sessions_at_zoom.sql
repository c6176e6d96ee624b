-- What a host does to a session reaches its meeting at Zoom, whichever way the row was written: a cancelled or deleted
-- session deletes the meeting, one that ends ends it, a changed one changes it. Each is an effect of the outbox. What
-- Zoom told us, or agreed to already, is not sent back.

-- Whose meeting it is at Zoom, where Zoom said so.
create table if not exists private.zoom_meetings (
  session_id uuid primary key references public.video_sessions (id) on delete cascade,
  zoom_user_id text not null
);
-- When each value of a session last agreed with its meeting, or was changed here: older news from Zoom is no news.
create table if not exists private.zoom_meeting_changes (
  session_id uuid not null references public.video_sessions (id) on delete cascade,
  field text not null check (field in ('start_time', 'duration', 'timezone', 'topic')),
  changed_at timestamptz not null,
  primary key (session_id, field)
);
alter table private.zoom_meetings enable row level security;
alter table private.zoom_meeting_changes enable row level security;
revoke all on private.zoom_meetings, private.zoom_meeting_changes from public, anon, authenticated;
grant select, insert, update on private.zoom_meetings, private.zoom_meeting_changes to service_role;

create or replace function private.stamp_zoom_meeting(session_id uuid, changed_at timestamptz,
  fields text[] default array['start_time', 'duration', 'timezone', 'topic'])
returns void
language sql
set search_path = ''
as $$
  insert into private.zoom_meeting_changes as known (session_id, field, changed_at)
  select stamp_zoom_meeting.session_id, field, stamp_zoom_meeting.changed_at from unnest(fields) as field
  on conflict on constraint zoom_meeting_changes_pkey do update
    set changed_at = greatest(known.changed_at, excluded.changed_at)
$$;
revoke execute on function private.stamp_zoom_meeting(uuid, timestamptz, text[]) from public, anon, authenticated;
grant execute on function private.stamp_zoom_meeting(uuid, timestamptz, text[]) to service_role;

-- Until `agree_with_zoom(false)` or the end of the transaction, changes are ones that Zoom knows of.
create or replace function private.agree_with_zoom(agrees boolean)
returns void
language sql
set search_path = ''
as $$
  select set_config('convene.zoom_agrees', case when agrees then 'yes' else '' end, true)
$$;
revoke execute on function private.agree_with_zoom(boolean) from public, anon, authenticated;
grant execute on function private.agree_with_zoom(boolean) to service_role;

-- Argument: the kind of the effect. Security definer, as the next: the app writes sessions through PostgREST, and no
-- client writes the outbox.
create or replace function private.enqueue_meeting_effect()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if current_setting('convene.zoom_agrees', true) is distinct from 'yes' then
    insert into private.outbox (kind, host_id, payload)
      values (tg_argv[0], old.host_id, jsonb_build_object('meeting_id', old.provider_meeting_id,
        'zoom_user_id', (select z.zoom_user_id from private.zoom_meetings z where z.session_id = old.id)));
  end if;
  return old;
end
$$;
revoke execute on function private.enqueue_meeting_effect() from public, anon, authenticated;
create or replace trigger video_sessions_cancelled after update of status on public.video_sessions
  for each row
  when (old.provider = 'zoom' and old.provider_meeting_id is not null
    and new.status = 'cancelled' and old.status <> 'cancelled')
  execute function private.enqueue_meeting_effect('zoom.delete_meeting');
-- Before, because the account at Zoom goes with the session.
create or replace trigger video_sessions_deleted before delete on public.video_sessions
  for each row
  when (old.provider = 'zoom' and old.provider_meeting_id is not null and old.status in ('scheduled', 'live'))
  execute function private.enqueue_meeting_effect('zoom.delete_meeting');
create or replace trigger video_sessions_ended after update of status on public.video_sessions
  for each row
  when (old.provider = 'zoom' and old.provider_meeting_id is not null
    and new.status = 'ended' and old.status <> 'ended')
  execute function private.enqueue_meeting_effect('zoom.end_meeting');

create or replace function private.meeting_sync(session_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('session_id', session_id, 'zoom_user_id',
    (select z.zoom_user_id from private.zoom_meetings z where z.session_id = meeting_sync.session_id))
$$;
revoke execute on function private.meeting_sync(uuid) from public, anon, authenticated;

-- One waiting effect is enough: it sends what the row says when it is carried out. One that is being carried out may
-- have read the row before this change.
create or replace function private.enqueue_meeting_sync()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if current_setting('convene.zoom_agrees', true) is not distinct from 'yes' then
    return null;
  end if;
  perform private.stamp_zoom_meeting(new.id, clock_timestamp());
  perform from private.outbox o
    where o.kind = 'zoom.sync_meeting' and o.status = 'pending' and o.host_id = new.host_id
      and o.payload ->> 'session_id' = new.id::text and (o.leased_until is null or o.leased_until <= clock_timestamp())
    for update skip locked;
  if not found then
    insert into private.outbox (kind, host_id, payload)
      values ('zoom.sync_meeting', new.host_id, private.meeting_sync(new.id));
  end if;
  return null;
end
$$;
revoke execute on function private.enqueue_meeting_sync() from public, anon, authenticated;
create or replace trigger video_sessions_sync after update on public.video_sessions
  for each row
  when (new.provider = 'zoom' and new.provider_meeting_id is not null and new.status = 'scheduled'
    and (old.title, old.scheduled_start, old.duration_minutes, old.timezone)
      is distinct from (new.title, new.scheduled_start, new.duration_minutes, new.timezone))
  execute function private.enqueue_meeting_sync();

-- The meeting as it has to be; null when there is nothing to change any more.
create or replace function private.zoom_meeting_of(session public.video_sessions)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('meeting_id', session.provider_meeting_id, 'topic', session.title,
    'scheduled_start', to_char(session.scheduled_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'duration_minutes', session.duration_minutes, 'timezone', session.timezone)
  where session.status in ('scheduled', 'live') and session.provider_meeting_id is not null
$$;
revoke execute on function private.zoom_meeting_of(public.video_sessions) from public, anon, authenticated;
grant execute on function private.zoom_meeting_of(public.video_sessions) to service_role;
