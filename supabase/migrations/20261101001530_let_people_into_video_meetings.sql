-- Who comes into a meeting, leaves it, is muted there and is put out of it. The function `video-meetings` calls these
-- as the service: `caller` is the user of the token that it verified, or null for a guest without an account, whom
-- `guest_secret` makes the same one again. A meeting is locked before the people in it.

-- Somebody's part in a meeting: a null id when they have none, and a refusal when it was taken from them.
create or replace function private.video_participant_of(meeting uuid, caller uuid, guest_secret text)
returns public.video_participants
language plpgsql
stable
set search_path = ''
as $$
declare
  participant public.video_participants;
begin
  select p.* into participant from public.video_participants p
    where p.meeting = video_participant_of.meeting and case when caller is null
      then p.id in (select s.participant_id from private.video_guest_secrets s
        where s.secret_hash = private.hash_guest_secret(guest_secret))
      else p.user_id = caller end;
  if participant.removed_at is not null then
    perform private.refuse(403, 'removed', 'The tutor removed you from this meeting');
  end if;
  return participant;
end
$$;
revoke execute on function private.video_participant_of(uuid, uuid, text) from public, anon, authenticated;
grant execute on function private.video_participant_of(uuid, uuid, text) to service_role;

-- Whether somebody comes in without the passcode: the parties, and who was in it before. After a removal the passcode
-- is another one, and guests without an account need it, for the place that they had.
create or replace function private.has_video_place(meeting public.video_meetings, caller uuid, guest_secret text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  participant constant public.video_participants := private.video_participant_of(meeting.id, caller, guest_secret);
begin
  return coalesce(caller in (meeting.tutor_id, meeting.student_id), false) or participant.id is not null
    and not exists (select from private.video_guest_secrets s where s.participant_id = participant.id and not s.opens);
end
$$;
revoke execute on function private.has_video_place(public.video_meetings, uuid, text) from public, anon, authenticated;
grant execute on function private.has_video_place(public.video_meetings, uuid, text) to service_role;

create or replace function public.join_video_meeting(meeting_id text, caller uuid, address text, passcode text,
  user_type text, session_id text, guest_secret text)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  meeting public.video_meetings := private.video_meeting_of(meeting_id);
  has_place constant boolean := private.has_video_place(meeting, caller, guest_secret);
  entry record;
  role text;
  participant public.video_participants;
begin
  if caller is null and private.hash_guest_secret(guest_secret) is null then
    perform private.refuse(422, 'invalid_field', 'guestSecret has 32 to 256 characters', 'guestSecret');
  end if;
  if not has_place then
    entry := private.open_video_meeting(meeting_id, caller, address, passcode);
    if entry.refusal is not null then
      return entry.refusal;
    end if;
    meeting.id := entry.meeting;
  end if;
  perform private.act_for(caller);
  select m.* into meeting from public.video_meetings m where m.id = meeting.id for no key update;
  if has_place and not private.has_video_place(meeting, caller, guest_secret)
      or not has_place and meeting.passcode <> passcode then
    -- Changed by a removal while this waited for the lock.
    perform private.refuse(404, 'meeting_not_found', 'There is no meeting with this ID and passcode');
  end if;
  role := case caller when meeting.tutor_id then 'tutor' when meeting.student_id then 'student' else 'guest' end;
  if user_type is distinct from role then
    perform private.refuse(403, 'wrong_user_type', format('You join this meeting as %s', role), 'userType');
  end if;
  perform private.require_open_video_meeting(meeting);
  participant := private.seat_video_participant(meeting, caller, address, role, session_id, guest_secret);
  if role = 'tutor' and meeting.status = 'pending' then
    update public.video_meetings m set status = 'active' where m.id = meeting.id;
  end if;
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
declare
  opens_at constant timestamptz := meeting.scheduled_start - interval '15 minutes';
begin
  if meeting.status = 'cancelled' then
    perform private.refuse(409, 'meeting_cancelled', 'This meeting was cancelled');
  elsif meeting.status = 'completed' or meeting.scheduled_end <= now() then
    perform private.refuse(409, 'meeting_over', 'This meeting is over');
  elsif opens_at > now() then
    perform private.refuse(409, 'too_early', 'The meeting can be joined from 15 minutes before it begins', null,
      least(ceil(extract(epoch from opens_at - now())), 86400)::integer);
  end if;
end
$$;

-- Under the lock of the meeting. Guests keep neither party out. Each join is worth a ticket and TURN. A guest may come
-- back as another, so new guests share limits, which those inside do not use up: at one address, so that one alone does
-- not fill the meeting, and all together. Who has an account has one place, and is counted apart from who needs none.
create or replace function private.seat_video_participant(
  meeting public.video_meetings, caller uuid, address text, role text, session_id text, guest_secret text)
returns public.video_participants
language plpgsql
set search_path = ''
as $$
declare
  participant public.video_participants := private.video_participant_of(meeting.id, caller, guest_secret);
begin
  if role = 'guest' and (participant.id is null or participant.left_at is not null)
      and (select count(*) from public.video_participants p
        where p.meeting = meeting.id and p.left_at is null) >= 50 then
    perform private.refuse(409, 'meeting_full', 'The meeting has 50 participants already');
  elsif exists (select from public.video_participants p where p.meeting = meeting.id
      and p.session_id = seat_video_participant.session_id and p.id is distinct from participant.id) then
    perform private.refuse(409, 'session_id_taken', 'Somebody else in this meeting has this sessionId', 'sessionId');
  end if;
  if participant.id is not null then
    update public.video_participants p
      set left_at = null, joined_at = now(), session_id = coalesce(seat_video_participant.session_id, p.session_id)
      where p.id = participant.id returning p.* into participant;
    update private.video_guest_secrets s set opens = true where s.participant_id = participant.id and not s.opens;
  else
    if role = 'guest' and caller is null then
      perform private.spend(format('video guests %s from %s', meeting.id, coalesce(address, 'nowhere')), 1, 10,
        interval '10 minutes', 'too_many_joins',
        'Too many guests have come to this meeting from your address; try again in a few minutes');
    end if;
    if role = 'guest' then
      perform private.spend(format('video %s %s', case when caller is null then 'guests' else 'users' end, meeting.id),
        1, 100, interval '10 minutes', 'too_many_joins',
        'Too many guests have come to this meeting; try again in a few minutes');
    end if;
    insert into public.video_participants (meeting, user_id, user_type, session_id)
      values (meeting.id, caller, role, coalesce(seat_video_participant.session_id, gen_random_uuid()::text))
      returning * into participant;
    if caller is null then
      insert into private.video_guest_secrets (participant_id, secret_hash)
        values (participant.id, private.hash_guest_secret(guest_secret));
    end if;
  end if;
  perform private.spend('video joins ' || participant.id, 1, 30, interval '10 minutes', 'too_many_joins',
    'You have joined this meeting too often; try again in a few minutes');
  return participant;
end
$$;
revoke execute on function private.require_open_video_meeting(public.video_meetings),
  private.seat_video_participant(public.video_meetings, uuid, text, text, text, text) from public, anon, authenticated;
grant execute on function private.require_open_video_meeting(public.video_meetings),
  private.seat_video_participant(public.video_meetings, uuid, text, text, text, text) to service_role;

create or replace function public.leave_video_meeting(meeting_id text, caller uuid, guest_secret text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  participant constant public.video_participants := private.video_participant_of(
    (private.video_meeting_of(meeting_id)).id, caller, guest_secret);
begin
  if participant.id is null then
    perform private.refuse(404, 'meeting_not_found', 'You are not in such a meeting');
  end if;
  perform private.act_for(caller);
  update public.video_participants p set left_at = now() where p.id = participant.id and p.left_at is null;
  return jsonb_build_object('left', true);
end
$$;

-- Oneself, or, as the tutor, who need not be in it, whoever `user_id` and `participant_id` name. What one does to
-- oneself does not use up the tutor's.
create or replace function public.mute_video_participant(meeting_id text, caller uuid, guest_secret text, user_id uuid,
  participant_id uuid, is_muted boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  meeting constant public.video_meetings := private.video_meeting_of(meeting_id);
  named constant text := case when participant_id is not null then 'participantId'
    when user_id is not null then 'userId' end;
  participant public.video_participants;
begin
  if caller = meeting.tutor_id and named is not null then
    select p.* into participant from public.video_participants p
      where p.meeting = meeting.id and p.removed_at is null
        and (mute_video_participant.user_id is null or p.user_id = mute_video_participant.user_id)
        and (mute_video_participant.participant_id is null or p.id = mute_video_participant.participant_id);
    if not found then
      perform private.refuse(404, 'participant_not_found', 'Nobody of that id is in the meeting', named);
    end if;
  else
    participant := private.video_participant_of(meeting.id, caller, guest_secret);
    if participant.id is null then
      perform private.refuse(404, 'meeting_not_found', 'You are not in such a meeting');
    elsif coalesce(user_id, participant.user_id) is distinct from participant.user_id
        or coalesce(participant_id, participant.id) <> participant.id then
      perform private.refuse(403, 'not_the_tutor', 'Only the tutor mutes others', named);
    end if;
  end if;
  perform private.require_open_video_meeting(meeting);
  perform private.spend(format('video mutes %s by %s', participant.id, coalesce(caller, participant.id)), 1, 60,
    interval '10 minutes', 'too_many_mutes', 'This participant was muted too often; try again in a few minutes');
  perform private.act_for(caller);
  update public.video_participants p set is_muted = mute_video_participant.is_muted where p.id = participant.id;
  return jsonb_build_object('isMuted', is_muted, 'userId', participant.user_id, 'participantId', participant.id);
end
$$;

-- A guest of a meeting, for its tutor, under the lock of the meeting.
create or replace function private.lock_video_guest(meeting_id text, caller uuid, participant_id uuid)
returns public.video_participants
language plpgsql
set search_path = ''
as $$
declare
  held uuid;
  guest public.video_participants;
begin
  select m.id into held from public.video_meetings m
    where m.meeting_id = lock_video_guest.meeting_id and m.tutor_id = caller for no key update;
  if not found then
    perform private.refuse(404, 'meeting_not_found', 'There is no such meeting of yours');
  end if;
  select p.* into guest from public.video_participants p
    where p.meeting = held and p.id = participant_id;
  if not found then
    perform private.refuse(404, 'participant_not_found', 'Nobody of that id is in the meeting', 'participantId');
  elsif guest.user_type <> 'guest' then
    perform private.refuse(409, 'not_a_guest', 'The meeting is that of its tutor and student', 'participantId');
  end if;
  return guest;
end
$$;
revoke execute on function private.lock_video_guest(text, uuid, uuid) from public, anon, authenticated;
grant execute on function private.lock_video_guest(text, uuid, uuid) to service_role;

-- The guest is out, and neither by the passcode that they know nor by another secret of theirs does anybody come in:
-- they could call themselves another. Twice is the same as once. The passcode is the function's, as when the meeting
-- was made.
create or replace function public.remove_video_participant(
  meeting_id text, caller uuid, participant_id uuid, passcode text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  guest constant public.video_participants := private.lock_video_guest(meeting_id, caller, participant_id);
begin
  perform private.act_for(caller);
  if guest.removed_at is null then
    update public.video_participants p set removed_at = now(), left_at = coalesce(p.left_at, now())
      where p.id = guest.id;
    update public.video_meetings m set passcode = remove_video_participant.passcode where m.id = guest.meeting;
    update private.video_guest_secrets s set opens = false
      from public.video_participants p where p.id = s.participant_id and p.meeting = guest.meeting;
  end if;
  return (select private.own_video_meeting(m) from public.video_meetings m where m.id = guest.meeting);
end
$$;

create or replace function public.readmit_video_participant(meeting_id text, caller uuid, participant_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  guest constant public.video_participants := private.lock_video_guest(meeting_id, caller, participant_id);
begin
  perform private.act_for(caller);
  update public.video_participants p set removed_at = null where p.id = guest.id and p.removed_at is not null;
  if found then
    update private.video_guest_secrets s set opens = true where s.participant_id = guest.id;
  end if;
  return jsonb_build_object('readmitted', true);
end
$$;
revoke execute on function public.join_video_meeting(text, uuid, text, text, text, text, text),
  public.leave_video_meeting(text, uuid, text), public.mute_video_participant(text, uuid, text, uuid, uuid, boolean),
  public.remove_video_participant(text, uuid, uuid, text), public.readmit_video_participant(text, uuid, uuid)
  from public, anon, authenticated;
grant execute on function public.join_video_meeting(text, uuid, text, text, text, text, text),
  public.leave_video_meeting(text, uuid, text), public.mute_video_participant(text, uuid, text, uuid, uuid, boolean),
  public.remove_video_participant(text, uuid, uuid, text), public.readmit_video_participant(text, uuid, uuid)
  to service_role;
