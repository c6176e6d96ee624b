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

-- The ID, and the passcode that keeps others out, are the function's choice and not the tutor's, who could choose what
-- is guessed. So the function makes a meeting, as the service, for the user whose token it verified.
create or replace function public.create_video_meeting(
  caller uuid, request jsonb, meeting_id text, passcode text, idempotency_key text)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  ends constant timestamptz := (request ->> 'scheduled_end')::timestamptz;
  taken private.idempotency_keys;
  booking public.bookings;
  meeting public.video_meetings;
begin
  perform private.act_for(caller);
  if (request ->> 'tutor_id')::uuid is distinct from caller or not private.is_host('video_meetings', caller) then
    perform private.refuse(403, 'not_the_tutor', 'Only the tutor of a booking makes its meeting', 'tutorId');
  end if;
  taken := private.take_idempotency_key(caller, 'video-meetings', idempotency_key, request);
  if taken.resource_id is not null then
    select m.* into meeting from public.video_meetings m where m.id = taken.resource_id;
    if not found then
      perform private.refuse_spent_key();
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
      and m.status in ('pending', 'active') and m.scheduled_end > now()) then
    perform private.refuse(409, 'meeting_exists', 'This booking has a meeting already', 'bookingId');
  elsif ends <= now() or ends > now() + interval '2 years' then
    perform private.refuse(422, 'invalid_field', 'scheduledEnd is within the next two years', 'scheduledEnd');
  end if;
  perform private.spend('video meetings ' || caller, 1, 60, interval '1 hour', 'too_many_meetings',
    'You have planned sixty meetings within an hour; try again later');
  insert into public.video_meetings (meeting_id, passcode, booking_id, tutor_id, student_id, scheduled_start,
      scheduled_end)
    values (meeting_id, passcode, booking.id, booking.tutor_id, booking.student_id,
      (request ->> 'scheduled_start')::timestamptz, ends)
    returning * into meeting;
  perform private.settle_idempotency_key(taken, meeting.id);
  return private.own_video_meeting(meeting);
end
$$;
revoke execute on function public.create_video_meeting(uuid, jsonb, text, text, text)
  from public, anon, authenticated;
grant execute on function public.create_video_meeting(uuid, jsonb, text, text, text) to service_role;

-- A try at the passcode of a meeting: the meeting, or the refusal, which is an answer and not an error, because an
-- error would take the count of the try back.
create or replace function private.open_video_meeting(
  meeting_id text, caller uuid, address text, passcode text, out meeting uuid, out refusal jsonb)
language plpgsql
set search_path = ''
as $$
declare
  retry_after integer;
begin
  if passcode is null then
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
revoke execute on function private.open_video_meeting(text, uuid, text, text) from public, anon, authenticated;
grant execute on function private.open_video_meeting(text, uuid, text, text) to service_role;

-- Clients may not execute this, nor what joins a meeting: with a filter or cast on the answer they could make a wrong
-- try fail, and undo its count.
create or replace function public.read_video_meeting(meeting_id text, caller uuid, address text, passcode text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  meeting constant public.video_meetings := private.video_meeting_of(meeting_id);
  entry record;
begin
  if caller in (meeting.tutor_id, meeting.student_id) or (meeting.id is not null and private.is_admin(caller)) then
    return private.own_video_meeting(meeting);
  end if;
  entry := private.open_video_meeting(meeting_id, caller, address, passcode);
  return coalesce(entry.refusal, (
    select private.shared_video_meeting(m) from public.video_meetings m where m.id = entry.meeting));
end
$$;
revoke execute on function public.read_video_meeting(text, uuid, text, text) from public, anon, authenticated;
grant execute on function public.read_video_meeting(text, uuid, text, text) to service_role;

-- A hundred of them, from the one after `after` on; `next` is where the next hundred begin. They are cut by id, which
-- stays when somebody leaves and comes back, and shown in the order in which they came. Row-level security lets the
-- parties, and admins, read them.
create or replace function public.video_meeting_participants(meeting_id text, after uuid)
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
  return (
    select jsonb_build_object(
      'participants', coalesce(jsonb_agg(jsonb_build_object('participantId', p.id, 'userId', p.user_id,
        'userType', p.user_type, 'isMuted', p.is_muted, 'joinedAt', p.joined_at, 'leftAt', p.left_at,
        'removedAt', p.removed_at) order by p.joined_at), '[]'),
      'next', case when count(*) = 100 then (array_agg(p.id order by p.id desc))[1] end)
    from (
      select * from public.video_participants o
      where o.meeting = meeting_row and (after is null or o.id > after) order by o.id limit 100) as p);
end
$$;
revoke execute on function public.video_meeting_participants(text, uuid) from public, anon, service_role;
grant execute on function public.video_meeting_participants(text, uuid) to authenticated;

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
