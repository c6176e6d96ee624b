-- What the function `instant-sessions` asks of the database beyond entering by a link: making a session, what somebody in
-- it or in its lobby may know and do, and the therapist's decisions. Each is security definer and asks for the right to it
-- itself, of auth.uid() or of the guest's secret.

-- Security definer: writes the keys of requests.
create or replace function public.create_instant_session(request jsonb, idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  taken private.idempotency_keys;
  session public.instant_sessions;
begin
  if not private.is_host('instant_sessions', caller) then
    perform private.refuse(403, 'not_a_host', 'Your role does not host instant sessions');
  elsif octet_length(request::text) > 65536 then
    perform private.refuse(413, 'too_large', 'The request is larger than 65536 bytes');
  elsif jsonb_typeof(request) is distinct from 'object' then
    perform private.refuse(422, 'invalid_field', 'request is an object', 'request');
  end if;
  taken := private.take_idempotency_key(caller, 'instant-sessions', idempotency_key, request);
  if taken.resource_id is not null then
    select s.* into session from public.instant_sessions s where s.id = taken.resource_id and s.therapist_id = caller;
    if not found then
      perform private.refuse_spent_key();
    end if;
    return jsonb_build_object('session', to_jsonb(session));
  end if;
  insert into public.instant_sessions (session_name, therapist_id, lobby, expires_at)
    values (request ->> 'session_name', caller, coalesce((request ->> 'lobby')::boolean, false),
      now() + make_interval(mins => coalesce((request ->> 'expires_in_minutes')::integer, 1440)))
    returning * into session;
  perform private.settle_idempotency_key(taken, session.id);
  return jsonb_build_object('session', to_jsonb(session));
exception when data_exception then
  perform private.refuse(422, 'invalid_field', 'lobby is true or false, expires_in_minutes a number',
    'expires_in_minutes');
  return null;
end
$$;
revoke execute on function public.create_instant_session(jsonb, text) from public, anon, service_role;
grant execute on function public.create_instant_session(jsonb, text) to authenticated;

-- The caller's part in the session behind a link: null when they have none.
create or replace function private.instant_participant_of(session public.instant_sessions, guest_hash text)
returns public.instant_session_participants
language sql
stable
set search_path = ''
as $$
  select p from public.instant_session_participants p
  where p.session_id = session.id and (p.user_id = auth.uid() or p.guest_secret_hash = guest_hash)
$$;
revoke execute on function private.instant_participant_of(public.instant_sessions, text)
  from public, anon, authenticated;

-- Where somebody who joined stands: waiting, admitted, or out. Whoever has no part in the session learns nothing of it.
create or replace function public.instant_session_status(session_token text, guest_secret text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  guest_hash constant text := private.own_guest_hash(guest_secret);
  session public.instant_sessions;
  participant public.instant_session_participants;
begin
  select s.* into session from public.instant_sessions s where s.session_token = instant_session_status.session_token;
  participant := private.instant_participant_of(session, guest_hash);
  if participant.id is null then
    -- With the answers that anybody with this link gets.
    session := private.open_instant_session(session_token, guest_hash);
    perform private.refuse(404, 'participant_not_found', 'Join the session first');
  elsif not session.is_active or session.expires_at <= now() then
    perform private.refuse(409, 'session_ended', 'The session is over');
  end if;
  return private.instant_admission_answer(session, participant);
end
$$;
revoke execute on function public.instant_session_status(text, text) from public, service_role;
grant execute on function public.instant_session_status(text, text) to anon, authenticated;

-- Also from the lobby, and also from what is over.
create or replace function public.leave_instant_session(session_token text, guest_secret text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.instant_sessions;
begin
  select s.* into session from public.instant_sessions s where s.session_token = leave_instant_session.session_token;
  update public.instant_session_participants p set is_active = false
    where p.id = (private.instant_participant_of(session, private.own_guest_hash(guest_secret))).id and p.is_active;
  return jsonb_build_object('status', 'left');
end
$$;
revoke execute on function public.leave_instant_session(text, text) from public, service_role;
grant execute on function public.leave_instant_session(text, text) to anon, authenticated;

-- Guests have no user id: their part in the session names them. The session is locked first, as by its end, which writes
-- everyone in it.
create or replace function public.dismiss_instant_participant(participant_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform from public.instant_sessions s join public.instant_session_participants p on p.session_id = s.id
    where p.id = participant_id and s.therapist_id = auth.uid() and p.user_id is distinct from s.therapist_id
    for no key update of s;
  if found then
    delete from public.instant_session_participants p where p.id = participant_id;
  end if;
  -- Also when they were removed while this waited.
  if not found then
    perform private.refuse(404, 'participant_not_found', 'You have no such participant', 'participant_id');
  end if;
  return jsonb_build_object('status', 'removed');
end
$$;
revoke execute on function public.dismiss_instant_participant(uuid) from public, anon, service_role;
grant execute on function public.dismiss_instant_participant(uuid) to authenticated;

create or replace function public.change_instant_session(session_id uuid, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.instant_sessions;
begin
  select s.* into session from public.instant_sessions s
    where s.id = change_instant_session.session_id and s.therapist_id = auth.uid() for update;
  if not found then
    perform private.refuse(404, 'session_not_found', 'You have no such session', 'session_id');
  elsif action is null or action not in ('lock', 'unlock', 'open_lobby', 'close_lobby', 'end') then
    perform private.refuse(422, 'invalid_field', 'action is lock, unlock, open_lobby, close_lobby or end', 'action');
  elsif action <> 'end' and (not session.is_active or session.expires_at <= now()) then
    perform private.refuse(409, 'session_ended', 'The session is over');
  end if;
  update public.instant_sessions s
    set is_active = s.is_active and action <> 'end',
      locked = case action when 'lock' then true when 'unlock' then false else s.locked end,
      -- Who opens the lobby makes people wait in it.
      lobby = case action when 'open_lobby' then true when 'close_lobby' then false else s.lobby end
    where s.id = session.id returning s.* into session;
  return jsonb_build_object('session', to_jsonb(session));
end
$$;
revoke execute on function public.change_instant_session(uuid, text) from public, anon, service_role;
grant execute on function public.change_instant_session(uuid, text) to authenticated;
