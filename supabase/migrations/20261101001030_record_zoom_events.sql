-- What Zoom tells by its webhooks. Deliveries repeat, come late and out of order, so each is written in a way that does
-- not depend on it: a status only moves where the lifecycle leads, attendance keeps the earliest join and the latest
-- leave, and a change counts only when it is newer than what the session last agreed on.

create table if not exists public.video_session_attendance (
  session_id uuid not null references public.video_sessions (id) on delete cascade,
  -- Who, within one meeting: Zoom's id of the participant there. A person without an account has one too.
  participant_key text not null check (char_length(participant_key) <= 500),
  participant_name text check (char_length(participant_name) <= 500),
  joined_at timestamptz,
  last_joined_at timestamptz,
  last_left_at timestamptz,
  -- Null while they are there.
  left_at timestamptz generated always as
    (case when last_joined_at is null or last_left_at >= last_joined_at then last_left_at end) stored,
  primary key (session_id, participant_key)
);
alter table public.video_session_attendance enable row level security;
revoke all on public.video_session_attendance from public, anon, authenticated, service_role;
grant select on public.video_session_attendance to authenticated;
grant all on public.video_session_attendance to service_role;
drop policy if exists "Hosts read who attended" on public.video_session_attendance;
create policy "Hosts read who attended" on public.video_session_attendance
  for select to authenticated
  using (session_id = any (array(select private.hosted_session_ids())));

create or replace function private.record_attendance(session_id uuid, event text, object jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into public.video_session_attendance as known
    (session_id, participant_key, participant_name, joined_at, last_joined_at, last_left_at)
  select record_attendance.session_id,
    left(coalesce(object ->> 'meeting_uuid', '') || '/' || (object #>> '{participant,key}'), 500),
    left(object #>> '{participant,name}', 500),
    case event when 'participant_joined' then seen.at end, case event when 'participant_joined' then seen.at end,
    case event when 'participant_left' then seen.at end
  from (select (object #>> '{participant,at}')::timestamptz as at) as seen
  on conflict on constraint video_session_attendance_pkey do update
    set participant_name = coalesce(known.participant_name, excluded.participant_name),
      joined_at = least(known.joined_at, excluded.joined_at),
      last_joined_at = greatest(known.last_joined_at, excluded.last_joined_at),
      last_left_at = greatest(known.last_left_at, excluded.last_left_at)
$$;
revoke execute on function private.record_attendance(uuid, text, jsonb) from public, anon, authenticated;
grant execute on function private.record_attendance(uuid, text, jsonb) to service_role;

-- The host changed the meeting at Zoom: each value that is newer than what the session has. Those that a session cannot
-- have are left out, and so is everything while Zoom is still to be told of a change here, which is the newer one.
create or replace function private.follow_zoom_change(session public.video_sessions, event_at timestamptz, object jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  news jsonb;
  duration integer;
  zone text;
  topic text;
begin
  if session.status <> 'scheduled' or exists (select from private.outbox o
      where o.kind = 'zoom.sync_meeting' and o.status = 'pending' and o.host_id = session.host_id
        and o.payload ->> 'session_id' = session.id::text) then
    return;
  end if;
  select coalesce(jsonb_object_agg(told.key, told.value), '{}') into news from jsonb_each(object) as told
    where told.key in ('start_time', 'duration', 'timezone', 'topic') and told.value <> 'null'
      and not exists (select from private.zoom_meeting_changes c
        where c.session_id = session.id and c.field = told.key and c.changed_at >= event_at);
  duration := (news ->> 'duration')::integer;
  zone := news ->> 'timezone';
  topic := btrim(news ->> 'topic');
  update public.video_sessions s
    set scheduled_start = coalesce((news ->> 'start_time')::timestamptz, s.scheduled_start),
      duration_minutes = case when duration between 1 and 1440 then duration else s.duration_minutes end,
      timezone = case when private.is_timezone(zone) then zone else s.timezone end,
      title = case when private.is_visible_line(topic, 200) then topic else s.title end
    where s.id = session.id and news <> '{}';
  perform private.stamp_zoom_meeting(session.id, event_at, array(select jsonb_object_keys(news)));
end
$$;
revoke execute on function private.follow_zoom_change(public.video_sessions, timestamptz, jsonb)
  from public, anon, authenticated;
grant execute on function private.follow_zoom_change(public.video_sessions, timestamptz, jsonb) to service_role;

-- The meeting is no longer at Zoom, where nothing has to be done for it.
create or replace function private.close_gone_session(session_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.agree_with_zoom(true);
  update public.video_sessions s set status = case s.status when 'live' then 'ended' else 'cancelled' end
    where s.id = close_gone_session.session_id and s.status in ('scheduled', 'live');
  perform private.agree_with_zoom(false);
end
$$;
revoke execute on function private.close_gone_session(uuid) from public, anon, authenticated;
grant execute on function private.close_gone_session(uuid) to service_role;

-- Zoom ended what the user had granted: their tokens go, and whoever used them is told. What was granted after that
-- stays: the news may come late, and more than once.
create or replace function private.forget_zoom_user(event_at timestamptz, object jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  forgotten uuid;
  recorded boolean := false;
begin
  for forgotten in
    delete from public.user_integrations_zoom z
    where z.zoom_user_id = object ->> 'zoom_user_id' and z.connected_at <= event_at
      and (z.zoom_account_id is null or z.zoom_account_id = object ->> 'zoom_account_id')
    returning z.user_id
  loop
    recorded := true;
    perform private.notify(forgotten, 'zoom_disconnected', 'Zoom is disconnected',
      'The app was removed at Zoom. Connect Zoom again to create Zoom sessions.', '{}');
  end loop;
  return jsonb_build_object('recorded', recorded);
end
$$;
revoke execute on function private.forget_zoom_user(timestamptz, jsonb) from public, anon, authenticated;
grant execute on function private.forget_zoom_user(timestamptz, jsonb) to service_role;

create or replace function public.record_zoom_event(event text, event_at timestamptz, object jsonb)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.video_sessions;
begin
  if event = 'deauthorized' then
    return private.forget_zoom_user(event_at, object);
  end if;
  select s.* into session from public.video_sessions s
    where s.provider = 'zoom' and s.provider_meeting_id = object ->> 'meeting_id' for update;
  if not found then
    return jsonb_build_object('recorded', false);
  end if;
  perform private.agree_with_zoom(true);
  case event
    when 'started' then
      -- Earlier than people come, the host is trying the meeting out.
      update public.video_sessions s set status = 'live'
        where s.id = session.id and s.status = 'scheduled' and s.scheduled_start <= event_at + interval '15 minutes';
    when 'ended' then
      -- So is a meeting that ends before the planned start: the session is still to come.
      update public.video_sessions s set status = 'ended'
        where s.id = session.id and s.status in ('scheduled', 'live')
          and s.scheduled_start <= least(event_at, now());
    when 'deleted' then perform private.close_gone_session(session.id);
    when 'updated' then perform private.follow_zoom_change(session, event_at, object);
    when 'participant_joined', 'participant_left' then
      perform private.record_attendance(session.id, event, object);
    else perform private.refuse(422, 'invalid_field', 'No such event', 'event');
  end case;
  perform private.agree_with_zoom(false);
  return jsonb_build_object('recorded', true);
end
$$;
revoke execute on function public.record_zoom_event(text, timestamptz, jsonb) from public, anon, authenticated;
grant execute on function public.record_zoom_event(text, timestamptz, jsonb) to service_role;
