-- What the function `video-meetings` asks of the database. The tutor and the student of a meeting, and whoever has its
-- passcode, get in at its time. Who came with a passcode has no account to go by, so the function, as the service, says
-- for whom it asks: `caller` is the user of the token that it verified, or null, and `address` is what their tries are
-- counted by.

-- The meeting as somebody with its passcode sees it, in the words of its app.
create or replace function private.shared_video_meeting(meeting public.video_meetings)
returns jsonb
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  select jsonb_build_object('meetingId', meeting.meeting_id, 'status', meeting.status,
    'scheduledStart', meeting.scheduled_start, 'scheduledEnd', meeting.scheduled_end)
$$;
-- And as its parties do.
create or replace function private.own_video_meeting(meeting public.video_meetings)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select private.shared_video_meeting(meeting) || jsonb_build_object('passcode', meeting.passcode,
    'bookingId', meeting.booking_id, 'tutorId', meeting.tutor_id, 'studentId', meeting.student_id,
    'recordingUrl', meeting.recording_url)
$$;
revoke execute on function private.own_video_meeting(public.video_meetings),
  private.shared_video_meeting(public.video_meetings) from public, anon, authenticated;
grant execute on function private.own_video_meeting(public.video_meetings),
  private.shared_video_meeting(public.video_meetings) to service_role;

-- Security definer: writes keys and meetings, and asks for the right to itself, of auth.uid().
create or replace function public.create_video_meeting(request jsonb, generated jsonb, idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  taken private.idempotency_keys;
  booking public.bookings;
  meeting public.video_meetings;
begin
  if octet_length(request::text) > 65536 then
    perform private.refuse(413, 'too_large', 'The request is larger than 65536 bytes');
  elsif (request ->> 'tutor_id')::uuid is distinct from caller or not private.is_host('video_meetings', caller) then
    perform private.refuse(403, 'not_the_tutor', 'Only the tutor of a booking makes its meeting', 'tutorId');
  end if;
  taken := private.take_idempotency_key(caller, 'video-meetings', coalesce(idempotency_key, gen_random_uuid()::text),
    request);
  if taken.resource_id is not null then
    select m.* into meeting from public.video_meetings m where m.id = taken.resource_id;
    if not found then
      perform private.refuse(409, 'idempotency_key_spent',
        'The meeting made with this Idempotency-Key was deleted; use a new key', 'Idempotency-Key');
    end if;
    return private.own_video_meeting(meeting);
  end if;
  -- Locked: of two requests for one booking, the second finds the meeting of the first.
  select b.* into booking from public.bookings b
    where b.id = (request ->> 'booking_id')::uuid and b.tutor_id = caller
      and b.student_id = (request ->> 'student_id')::uuid
    for no key update;
  if not found then
    perform private.refuse(404, 'booking_not_found', 'You have no such booking with this student', 'bookingId');
  elsif exists (select from public.video_meetings m where m.booking_id = booking.id
      and m.status in ('pending', 'active') and m.scheduled_start >= private.overdue_before()) then
    perform private.refuse(409, 'meeting_exists', 'This booking has a meeting already', 'bookingId');
  end if;
  if (request ->> 'scheduled_end')::timestamptz <= now() then
    perform private.refuse(422, 'invalid_field', 'scheduled_end has yet to come', 'scheduled_end');
  end if;
  perform private.spend('video meetings ' || caller, 1, 60, interval '1 hour', 'too_many_meetings',
    'You have planned sixty meetings within an hour; try again later');
  insert into public.video_meetings (meeting_id, passcode, booking_id, tutor_id, student_id, scheduled_start,
      scheduled_end)
    values (generated ->> 'meeting_id', generated ->> 'passcode', booking.id, booking.tutor_id, booking.student_id,
      (request ->> 'scheduled_start')::timestamptz, (request ->> 'scheduled_end')::timestamptz)
    returning * into meeting;
  update private.idempotency_keys k set resource_id = meeting.id
    where k.caller_id = caller and k.function_name = taken.function_name and k.key = taken.key;
  return private.own_video_meeting(meeting);
exception when data_exception then
  perform private.refuse(422, 'invalid_field', 'ids are UUIDs, and start and end dates and times', 'scheduledStart');
  return null;
end
$$;
revoke execute on function public.create_video_meeting(jsonb, jsonb, text) from public, anon, service_role;
grant execute on function public.create_video_meeting(jsonb, jsonb, text) to authenticated;

-- The meeting for one of its parties, or for a try at its passcode; else the refusal, which is an answer and not an error,
-- because an error would take the count of the try back.
create or replace function private.find_video_meeting(
  meeting_id text, caller uuid, address text, passcode text, out meeting uuid, out refusal jsonb)
language plpgsql
set search_path = ''
as $$
declare
  retry_after integer;
begin
  select m.id into meeting from public.video_meetings m
    where m.meeting_id = find_video_meeting.meeting_id and caller in (m.tutor_id, m.student_id)
      and (m.status in ('completed', 'cancelled') or m.scheduled_start >= private.overdue_before());
  if found then
    return;
  elsif passcode is null then
    refusal := private.answer_refusal(404, 'meeting_not_found', 'There is no such meeting of yours');
    return;
  end if;
  select t.meeting, t.retry_after into meeting, retry_after
    from private.try_passcode(meeting_id, coalesce('user ' || caller, 'address ' || address, 'nobody'), passcode) as t;
  if retry_after is not null then
    refusal := private.answer_refusal(429, 'too_many_attempts', 'Too many wrong passcodes; try again later',
      jsonb_build_object('Retry-After', retry_after));
  elsif meeting is null then
    refusal := private.answer_refusal(404, 'meeting_not_found', 'There is no meeting with this ID and passcode');
  end if;
end
$$;
revoke execute on function private.find_video_meeting(text, uuid, text, text) from public, anon, authenticated;
grant execute on function private.find_video_meeting(text, uuid, text, text) to service_role;

-- Clients may not execute this and the next: with a filter or cast on the answer they could make a wrong try fail, and
-- undo its count.
create or replace function public.read_video_meeting(meeting_id text, caller uuid, address text, passcode text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  entry constant record := private.find_video_meeting(meeting_id, caller, address, passcode);
begin
  return coalesce(entry.refusal, (
    select case when caller in (m.tutor_id, m.student_id) then private.own_video_meeting(m)
      else private.shared_video_meeting(m) end
    from public.video_meetings m where m.id = entry.meeting));
end
$$;

create or replace function public.join_video_meeting(
  meeting_id text, caller uuid, address text, passcode text, user_type text, session_id text)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  entry constant record := private.find_video_meeting(meeting_id, caller, address, passcode);
  meeting public.video_meetings;
  role text;
  participant public.video_participants;
begin
  if entry.refusal is not null then
    return entry.refusal;
  end if;
  perform private.act_for(caller);
  select m.* into meeting from public.video_meetings m where m.id = entry.meeting for no key update;
  role := case caller when meeting.tutor_id then 'tutor' when meeting.student_id then 'student' else 'guest' end;
  if user_type is distinct from role then
    perform private.refuse(403, 'wrong_user_type', format('You join this meeting as %s', role), 'userType');
  end if;
  perform private.require_open_video_meeting(meeting);
  perform private.spend(format('video joins %s %s', meeting.id, coalesce(caller::text, address)), 1, 30,
    interval '10 minutes', 'too_many_joins', 'You have joined this meeting too often; try again in a few minutes');
  if role = 'tutor' and meeting.status = 'pending' then
    update public.video_meetings m set status = 'active' where m.id = meeting.id;
  end if;
  participant := private.seat_video_participant(meeting, caller, role, session_id);
  return jsonb_build_object('participantId', participant.id, 'sessionId', participant.session_id, 'userType', role,
    'scheduledEnd', meeting.scheduled_end,
    'name', (select to_jsonb(p) ->> 'full_name' from public.profiles p where p.id = caller));
end
$$;

create or replace function private.require_open_video_meeting(meeting public.video_meetings)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if meeting.status = 'cancelled' then
    perform private.refuse(409, 'meeting_cancelled', 'This meeting was cancelled');
  elsif meeting.status = 'completed' or meeting.scheduled_end <= now() then
    perform private.refuse(409, 'meeting_over', 'This meeting is over');
  elsif meeting.scheduled_start > now() + interval '15 minutes' then
    perform private.refuse(409, 'too_early', 'The meeting can be joined from 15 minutes before it begins', null,
      least(ceil(extract(epoch from meeting.scheduled_start - interval '15 minutes' - now())), 86400)::integer);
  end if;
end
$$;

-- Under the lock of the meeting. A user is there once, whatever window they come from; a guest who comes back has their
-- session id from before. Guests keep neither party out.
create or replace function private.seat_video_participant(
  meeting public.video_meetings, person uuid, role text, session_id text)
returns public.video_participants
language plpgsql
set search_path = ''
as $$
declare
  participant public.video_participants;
begin
  update public.video_participants p
    set left_at = null, joined_at = now(), session_id = coalesce(seat_video_participant.session_id, p.session_id)
    where p.meeting = meeting.id and case when person is null
      then p.user_id is null and p.session_id = seat_video_participant.session_id else p.user_id = person end
    returning p.* into participant;
  if found then
    return participant;
  elsif role = 'guest' and (select count(*) from public.video_participants p where p.meeting = meeting.id) >= 50 then
    perform private.refuse(409, 'meeting_full', 'The meeting has 50 participants already');
  end if;
  insert into public.video_participants (meeting, user_id, user_type, session_id)
    values (meeting.id, person, role, coalesce(seat_video_participant.session_id, gen_random_uuid()::text))
    returning * into participant;
  return participant;
end
$$;
revoke execute on function private.require_open_video_meeting(public.video_meetings),
  private.seat_video_participant(public.video_meetings, uuid, text, text) from public, anon, authenticated;
grant execute on function private.require_open_video_meeting(public.video_meetings),
  private.seat_video_participant(public.video_meetings, uuid, text, text) to service_role;

-- Somebody in a meeting: a user, or a guest by the session id that they were given, which the parties see and nobody else.
create or replace function private.video_participant_of(meeting_id text, caller uuid, session_id text)
returns public.video_participants
language plpgsql
stable
set search_path = ''
as $$
declare
  participant public.video_participants;
begin
  select p.* into participant
    from public.video_participants p join public.video_meetings m on m.id = p.meeting
    where m.meeting_id = video_participant_of.meeting_id and case when caller is null
      then p.user_id is null and p.session_id = video_participant_of.session_id else p.user_id = caller end;
  if not found then
    perform private.refuse(404, 'meeting_not_found', 'You are not in such a meeting');
  end if;
  return participant;
end
$$;
revoke execute on function private.video_participant_of(text, uuid, text) from public, anon, authenticated;
grant execute on function private.video_participant_of(text, uuid, text) to service_role;

create or replace function public.leave_video_meeting(meeting_id text, caller uuid, session_id text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  participant constant public.video_participants := private.video_participant_of(meeting_id, caller, session_id);
begin
  perform private.act_for(caller);
  update public.video_participants p set left_at = now() where p.id = participant.id and p.left_at is null;
  return jsonb_build_object('left', true);
end
$$;

-- Oneself, or, as the tutor, another user.
create or replace function public.mute_video_participant(
  meeting_id text, caller uuid, session_id text, user_id uuid, is_muted boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  participant public.video_participants := private.video_participant_of(meeting_id, caller, session_id);
begin
  if user_id is distinct from participant.user_id and user_id is not null then
    if participant.user_type <> 'tutor' then
      perform private.refuse(403, 'not_the_tutor', 'Only the tutor mutes others', 'userId');
    end if;
    select p.* into participant from public.video_participants p
      where p.meeting = participant.meeting and p.user_id = mute_video_participant.user_id;
    if not found then
      perform private.refuse(404, 'participant_not_found', 'Nobody of that id is in the meeting', 'userId');
    end if;
  end if;
  perform private.act_for(caller);
  update public.video_participants p set is_muted = mute_video_participant.is_muted where p.id = participant.id;
  return jsonb_build_object('isMuted', is_muted, 'userId', participant.user_id);
end
$$;
revoke execute on function public.read_video_meeting(text, uuid, text, text),
  public.join_video_meeting(text, uuid, text, text, text, text), public.leave_video_meeting(text, uuid, text),
  public.mute_video_participant(text, uuid, text, uuid, boolean) from public, anon, authenticated;
grant execute on function public.read_video_meeting(text, uuid, text, text),
  public.join_video_meeting(text, uuid, text, text, text, text), public.leave_video_meeting(text, uuid, text),
  public.mute_video_participant(text, uuid, text, uuid, boolean) to service_role;

-- Row-level security lets the parties, and admins, read it.
create or replace function public.video_meeting_participants(meeting_id text)
returns jsonb
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  meeting_row uuid;
begin
  select m.id into meeting_row from public.video_meetings m where m.meeting_id = video_meeting_participants.meeting_id;
  if not found then
    perform private.refuse(404, 'meeting_not_found', 'There is no such meeting of yours');
  end if;
  return jsonb_build_object('participants', (
    select coalesce(jsonb_agg(jsonb_build_object('participantId', p.id, 'userId', p.user_id, 'userType', p.user_type,
      'isMuted', p.is_muted, 'joinedAt', p.joined_at, 'leftAt', p.left_at) order by p.joined_at), '[]')
    from public.video_participants p where p.meeting = meeting_row));
end
$$;
revoke execute on function public.video_meeting_participants(text) from public, anon, service_role;
grant execute on function public.video_meeting_participants(text) to authenticated;

-- Security definer: no client writes a meeting.
create or replace function public.change_video_meeting(meeting_id text, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  meeting public.video_meetings;
  new_status constant text := case action when 'end' then 'completed' when 'cancel' then 'cancelled' end;
begin
  select m.* into meeting from public.video_meetings m
    where m.meeting_id = change_video_meeting.meeting_id and m.tutor_id = auth.uid() for update;
  if not found then
    perform private.refuse(404, 'meeting_not_found', 'There is no such meeting of yours');
  elsif new_status is null then
    perform private.refuse(422, 'invalid_field', 'action is end or cancel', 'action');
  elsif meeting.status <> new_status then
    update public.video_meetings m set status = new_status where m.id = meeting.id returning m.* into meeting;
  end if;
  return private.own_video_meeting(meeting);
end
$$;
revoke execute on function public.change_video_meeting(text, text) from public, anon, service_role;
grant execute on function public.change_video_meeting(text, text) to authenticated;
