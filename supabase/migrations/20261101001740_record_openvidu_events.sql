-- What OpenVidu tells by its webhooks. Deliveries repeat, come late, out of order, or not at all, so each is written in a
-- way that does not depend on it: attendance keeps the earliest join and the latest leave of each connection, and an
-- event of an earlier room does nothing to the meeting.

-- When the last one left a room that was gone at this time; that time where it is not known.
create or replace function private.left_at(meeting public.meetings, gone_at timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select greatest(meeting.started_at,
    least(gone_at, case when bool_and(a.left_at is not null) then max(a.left_at) end))
  from public.meeting_attendance a
  where a.meeting_id = meeting.id and (a.left_at > meeting.started_at) is not false
$$;
revoke execute on function private.left_at(public.meetings, timestamptz) from public, anon, authenticated;
grant execute on function private.left_at(public.meetings, timestamptz) to service_role;

-- Completes a meeting whose room is gone for good, or corrects when it ended.
create or replace function private.finish_meeting(meeting public.meetings, gone_at timestamptz)
returns void
language sql
set search_path = ''
as $$
  update private.meeting_rooms r set finished_at = gone_at where r.meeting_id = meeting.id;
  update public.meetings m
    set status = 'completed', ended_at = finish.at,
      duration_seconds = extract(epoch from finish.at - m.started_at)::integer
    from (values (private.left_at(meeting, gone_at))) as finish (at)
    where m.id = meeting.id
$$;
revoke execute on function private.finish_meeting(public.meetings, timestamptz) from public, anon, authenticated;
grant execute on function private.finish_meeting(public.meetings, timestamptz) to service_role;

-- The room is gone, because nobody was in it, because its server stopped, or because somebody closed it there. That ends no
-- meeting at once: whoever reloads the page alone comes back, and so does everybody after a crash. The sweep completes the
-- meeting when nobody does.
create or replace function private.record_room_gone(meeting public.meetings, gone_at timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into private.meeting_rooms as known (meeting_id, empty_since)
  select meeting.id, private.left_at(meeting, gone_at)
  -- LiveKit tells whole seconds.
  where meeting.status = 'in_progress' and gone_at >= date_trunc('second', meeting.started_at)
  on conflict on constraint meeting_rooms_pkey do update
    set empty_since = greatest(known.empty_since, excluded.empty_since)
$$;
revoke execute on function private.record_room_gone(public.meetings, timestamptz) from public, anon, authenticated;
grant execute on function private.record_room_gone(public.meetings, timestamptz) to service_role;

create or replace function private.record_meeting_attendance(
  meeting public.meetings, event text, event_at timestamptz, details jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  finished_at timestamptz;
begin
  insert into public.meeting_attendance as known (meeting_id, connection_id, user_id, joined_at, left_at)
    values (meeting.id, left(details ->> 'connection', 255), (details ->> 'user_id')::uuid,
      case event when 'participant_joined' then event_at end, case event when 'participant_left' then event_at end)
    on conflict on constraint meeting_attendance_pkey do update
      set user_id = coalesce(known.user_id, excluded.user_id), joined_at = least(known.joined_at, excluded.joined_at),
        left_at = greatest(known.left_at, excluded.left_at);
  select r.finished_at into finished_at from private.meeting_rooms r where r.meeting_id = meeting.id;
  if finished_at is not null then
    perform private.finish_meeting(meeting, finished_at);
  end if;
end
$$;
revoke execute on function private.record_meeting_attendance(public.meetings, text, timestamptz, jsonb)
  from public, anon, authenticated;
grant execute on function private.record_meeting_attendance(public.meetings, text, timestamptz, jsonb)
  to service_role;

-- Somebody opened the room of a meeting that is over, with a token from before.
create or replace function private.close_reopened_room(meeting public.meetings)
returns void
language sql
set search_path = ''
as $$
  select private.close_room(meeting)
  where meeting.status in ('completed', 'cancelled') and not exists (
    select from private.outbox o
    where o.kind = 'openvidu.close_room' and o.host_id = meeting.operator_id and o.status = 'pending'
      and o.payload ->> 'room' = meeting.session_id and o.available_at <= now() + interval '1 minute'
      -- One that is being carried out may have closed it before.
      and (o.leased_until is null or o.leased_until <= clock_timestamp()))
$$;
revoke execute on function private.close_reopened_room(public.meetings) from public, anon, authenticated;
grant execute on function private.close_reopened_room(public.meetings) to service_role;

-- The newest recording is the meeting's.
create or replace function private.store_recording(meeting_id uuid, recorded_at timestamptz, url text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if url is null or char_length(url) > 2048 or not exists (
      select from public.meetings m where m.id = store_recording.meeting_id for no key update) then
    return;
  end if;
  insert into private.meeting_rooms as known (meeting_id, recorded_at)
    values (store_recording.meeting_id, store_recording.recorded_at)
    on conflict on constraint meeting_rooms_pkey do update set recorded_at = excluded.recorded_at
      where (known.recorded_at >= excluded.recorded_at) is not true;
  if found then
    update public.meetings m set recording_url = url where m.id = store_recording.meeting_id;
  end if;
end
$$;
revoke execute on function private.store_recording(uuid, timestamptz, text) from public, anon, authenticated;
grant execute on function private.store_recording(uuid, timestamptz, text) to service_role;

-- OpenVidu 2 says that a recording is ready and not where: that is asked for.
create or replace function private.fetch_recording(meeting public.meetings, recorded_at timestamptz, recording_id text)
returns void
language sql
set search_path = ''
as $$
  insert into private.outbox (kind, host_id, payload)
  select 'openvidu.fetch_recording', meeting.operator_id, jsonb_build_object('meeting_id', meeting.id,
    'recording_id', recording_id, 'recorded_at', recorded_at)
  where not exists (
    select from private.outbox o
    where o.kind = 'openvidu.fetch_recording' and o.host_id = meeting.operator_id and o.status = 'pending'
      and o.payload ->> 'meeting_id' = meeting.id::text and o.payload ->> 'recording_id' = recording_id)
$$;
revoke execute on function private.fetch_recording(public.meetings, timestamptz, text) from public, anon, authenticated;
grant execute on function private.fetch_recording(public.meetings, timestamptz, text) to service_role;

create or replace function public.record_openvidu_event(
  event text, event_at timestamptz, room text, details jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  meeting public.meetings;
begin
  -- Nothing happened later than now, whatever a clock says.
  event_at := least(event_at, now());
  select m.* into meeting from public.meetings m where m.session_id = room for no key update;
  if not found then
    return jsonb_build_object('recorded', false);
  end if;
  case event
    when 'room_started' then
      update private.meeting_rooms r set empty_since = null where r.meeting_id = meeting.id and r.empty_since < event_at;
      perform private.close_reopened_room(meeting);
    when 'participant_joined', 'participant_left' then
      perform private.record_meeting_attendance(meeting, event, event_at, details);
      if event = 'participant_joined' then
        perform private.close_reopened_room(meeting);
      end if;
    when 'room_gone' then perform private.record_room_gone(meeting, event_at);
    when 'recording_ready' then
      if details ->> 'recording_id' is not null then
        perform private.fetch_recording(meeting, event_at, details ->> 'recording_id');
      else
        perform private.store_recording(meeting.id, event_at, details ->> 'url');
      end if;
    else perform private.refuse(422, 'invalid_field', 'No such event', 'event');
  end case;
  return jsonb_build_object('recorded', true);
end
$$;
revoke execute on function public.record_openvidu_event(text, timestamptz, text, jsonb)
  from public, anon, authenticated;
grant execute on function public.record_openvidu_event(text, timestamptz, text, jsonb) to service_role;
