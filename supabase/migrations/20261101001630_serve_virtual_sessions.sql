-- What the function `virtual-sessions` asks of the database beyond seats: making a session, entering its room, and its
-- start and end.

-- Where the rooms are is the deployment's choice and not the creator's: a creator who chose it could send everyone who
-- registers anywhere. So the function makes a session, as the service, for the user whose token it verified.
create or replace function public.create_virtual_session(
  creator uuid, request jsonb, room_base_url text, room_is_guarded boolean, idempotency_key text)
returns jsonb
language plpgsql
set search_path = ''
set timezone = 'UTC'
as $$
declare
  taken private.idempotency_keys;
  session public.virtual_sessions;
begin
  perform private.act_for(creator);
  if not private.creates_virtual_sessions() then
    perform private.refuse(403, 'not_a_host', 'Tutors and premium users create group sessions');
  end if;
  taken := private.take_idempotency_key(creator, 'virtual-sessions', idempotency_key, request);
  if taken.resource_id is not null then
    select s.* into session from public.virtual_sessions s where s.id = taken.resource_id and s.creator_id = creator;
    if not found then
      perform private.refuse_spent_key();
    end if;
    return jsonb_build_object('session', to_jsonb(session));
  end if;
  insert into public.virtual_sessions (creator_id, title, description, subject, tutor_name, scheduled_time,
      duration_minutes, max_attendees)
    values (creator, request ->> 'title', request ->> 'description', request ->> 'subject', request ->> 'tutor_name',
      (request ->> 'scheduled_time')::timestamptz, coalesce((request ->> 'duration_minutes')::integer, 60),
      coalesce((request ->> 'max_attendees')::integer, 50))
    returning * into session;
  update public.virtual_session_rooms r
    set meeting_url = room_base_url || r.meeting_room_id, is_guarded = room_is_guarded
    where r.session_id = session.id;
  perform private.settle_idempotency_key(taken, session.id);
  return jsonb_build_object('session', to_jsonb(session));
end
$$;
revoke execute on function public.create_virtual_session(uuid, jsonb, text, boolean, text)
  from public, anon, authenticated;
grant execute on function public.create_virtual_session(uuid, jsonb, text, boolean, text) to service_role;

-- The room, for the creator and for those with a seat, from ten minutes before or while it is live. Security definer,
-- as the next: counts entries and starts sessions, and asks for the right to it itself, of auth.uid().
create or replace function public.join_virtual_session(session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  session constant public.virtual_sessions := private.lock_virtual_session(session_id);
  opens_at timestamptz;
  mine public.virtual_session_registrations;
begin
  if not private.is_open_virtual_session(session) then
    perform private.refuse(409, 'session_closed', 'This session is over or cancelled', 'session_id');
  end if;
  select r.* into mine from public.virtual_session_registrations r
    where r.session_id = session.id and r.user_id = caller;
  if caller = session.creator_id then
    null;
  elsif mine.status = 'removed' then
    perform private.refuse(403, 'removed', 'You were removed from this session', 'session_id');
  elsif mine.status is distinct from 'registered' then
    perform private.refuse(403, 'not_registered', 'Only those with a seat get in', 'session_id');
  end if;
  opens_at := private.virtual_room_opens_at(session);
  if opens_at > now() then
    perform private.refuse(409, 'too_early', 'The session can be joined from 10 minutes before it begins', null,
      least(ceil(extract(epoch from opens_at - now())), 86400)::integer);
  end if;
  perform private.spend(format('virtual joins %s %s', session.id, caller), 1, 30, interval '10 minutes',
    'too_many_joins', 'You have joined this session too often; try again in a few minutes');
  return (
    select jsonb_build_object('meeting_room_id', r.meeting_room_id, 'meeting_url', r.meeting_url,
      'role', case when caller = session.creator_id then 'host' else 'participant' end,
      'is_guarded', r.is_guarded,
      'ends_at', session.scheduled_time + make_interval(mins => session.duration_minutes),
      'name', (select to_jsonb(p) ->> 'full_name' from public.profiles p where p.id = caller))
    from public.virtual_session_rooms r where r.session_id = session.id);
end
$$;

create or replace function public.change_virtual_session(session_id uuid, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.virtual_sessions := private.lock_created_session(session_id);
  new_status constant text := case action when 'start' then 'live' when 'complete' then 'completed'
    when 'cancel' then 'cancelled' end;
begin
  if new_status is null then
    perform private.refuse(422, 'invalid_field', 'action is start, complete or cancel', 'action');
  elsif session.status <> new_status then
    update public.virtual_sessions s set status = new_status where s.id = session.id returning s.* into session;
  end if;
  return jsonb_build_object('session', to_jsonb(session));
end
$$;
revoke execute on function public.join_virtual_session(uuid), public.change_virtual_session(uuid, text)
  from public, anon, service_role;
grant execute on function public.join_virtual_session(uuid), public.change_virtual_session(uuid, text) to authenticated;
