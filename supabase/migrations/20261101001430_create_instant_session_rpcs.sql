-- Entering by a link in one call, for apps that do not send headers, and the therapist's decisions about people. To
-- whoever has no part in a session, unknown, mistyped, ended and expired are one answer. All are security definer: a
-- newcomer reads no session, a therapist writes no one else's row and no client the removals; each asks for every right
-- itself, of auth.uid(), the token and the secret.

-- The open session behind a link, or a refusal. A lock lets pass who is in it already.
create or replace function private.open_instant_session(token text, guest_hash text)
returns public.instant_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
  session public.instant_sessions;
begin
  select * into session from public.instant_sessions s
    where s.session_token = token and s.is_active and s.expires_at > now();
  if not found then
    perform private.refuse(404, 'session_not_found', 'There is no such session');
  end if;
  if private.was_removed(session.id, auth.uid(), guest_hash) then
    perform private.refuse(403, 'removed', 'The therapist removed you from this session');
  end if;
  if session.locked and session.therapist_id is distinct from auth.uid() and not exists (
      select from public.instant_session_participants p
      where p.session_id = session.id and (p.user_id = auth.uid() or p.guest_secret_hash = guest_hash)) then
    perform private.refuse(409, 'session_locked', 'The session is locked');
  end if;
  return session;
end
$$;
revoke execute on function private.open_instant_session(text, text) from public, anon, authenticated;

-- What someone with the link may know: nobody's id.
create or replace function private.shared_instant_session(session public.instant_sessions)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('id', session.id, 'session_name', session.session_name, 'expires_at', session.expires_at,
    'locked', session.locked, 'lobby', session.lobby)
$$;
revoke execute on function private.shared_instant_session(public.instant_sessions) from public, anon, authenticated;

-- What somebody in the session, or in its lobby, may know. Each answer that lets somebody in is worth a ticket and relays
-- for video, and is counted: a guest, who may be somebody else the next time, has fewer.
create or replace function private.instant_admission_answer(
  session public.instant_sessions, participant public.instant_session_participants)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if participant.is_active and participant.admitted_at is not null then
    perform private.spend(
      format('instant tickets %s %s', session.id, coalesce(participant.user_id::text, participant.guest_secret_hash)),
      1, case when participant.user_id is null then 6 else 30 end, interval '10 minutes', 'too_many_tickets',
      'You have entered this session too often; try again in a few minutes');
  end if;
  return jsonb_build_object('session', private.shared_instant_session(session),
    'participant', jsonb_build_object('id', participant.id, 'participant_name', participant.participant_name,
      'is_active', participant.is_active, 'joined_at', participant.joined_at, 'admitted_at', participant.admitted_at,
      'role', case when participant.user_id = session.therapist_id then 'host' else 'participant' end));
end
$$;
revoke execute on function private.instant_admission_answer(
  public.instant_sessions, public.instant_session_participants) from public, anon, authenticated;

create or replace function public.instant_session_by_token(session_token text)
returns jsonb
language sql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
  select private.shared_instant_session(
    private.open_instant_session(session_token, private.guest_secret_hash()))
$$;
revoke execute on function public.instant_session_by_token(text) from public, service_role;
grant execute on function public.instant_session_by_token(text) to anon, authenticated;

create or replace function public.join_instant_session(
  session_token text, participant_name text, guest_secret text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  caller constant uuid := auth.uid();
  guest_hash constant text := private.own_guest_hash(guest_secret);
  session public.instant_sessions;
  participant public.instant_session_participants;
begin
  if caller is null and guest_hash is null then
    perform private.refuse(422, 'invalid_field', 'guest_secret has 32 to 256 characters', 'guest_secret');
  end if;
  session := private.open_instant_session(session_token, guest_hash);
  if caller is null then
    insert into public.instant_session_participants as p (session_id, participant_name, guest_secret_hash)
      values (session.id, join_instant_session.participant_name, guest_hash)
      on conflict on constraint instant_session_participants_guest_secret_hash_session_id_key
      do update set is_active = true
      returning p.* into participant;
  else
    insert into public.instant_session_participants as p (session_id, user_id, participant_name)
      values (session.id, caller, join_instant_session.participant_name)
      on conflict on constraint instant_session_participants_session_id_user_id_key
      do update set is_active = true
      returning p.* into participant;
  end if;
  -- As it is now: that somebody has to wait after all, a trigger finds out afterwards.
  select p.* into participant from public.instant_session_participants p where p.id = participant.id;
  return private.instant_admission_answer(session, participant);
end
$$;
revoke execute on function public.join_instant_session(text, text, text) from public, service_role;
grant execute on function public.join_instant_session(text, text, text) to anon, authenticated;

create or replace function public.admit_instant_participant(participant_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  session public.instant_sessions;
  participant public.instant_session_participants;
begin
  select s.* into session
    from public.instant_sessions s join public.instant_session_participants p on p.session_id = s.id
    where p.id = participant_id and s.therapist_id = auth.uid() for no key update of s;
  if found and (not session.is_active or session.expires_at <= now()) then
    perform private.refuse(409, 'session_ended', 'The session is over');
  end if;
  update public.instant_session_participants p set admitted_at = coalesce(p.admitted_at, now())
    where p.id = participant_id and p.session_id = session.id returning p.* into participant;
  if not found then
    perform private.refuse(404, 'participant_not_found', 'You have no such participant', 'participant_id');
  end if;
  return jsonb_build_object('id', participant.id, 'admitted_at', participant.admitted_at);
end
$$;
revoke execute on function public.admit_instant_participant(uuid) from public, anon, service_role;
grant execute on function public.admit_instant_participant(uuid) to authenticated;

-- Lets the person use the link again; they wait in the lobby like everyone new.
create or replace function public.readmit_instant_participant(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not exists (select from public.instant_sessions s
      where s.id = readmit_instant_participant.session_id and s.therapist_id = auth.uid()) then
    perform private.refuse(404, 'session_not_found', 'You have no such session', 'session_id');
  end if;
  update private.instant_session_removals r set readmitted_at = now()
    where r.session_id = readmit_instant_participant.session_id and r.user_id = readmit_instant_participant.user_id
      and r.readmitted_at is null;
  return jsonb_build_object('status', 'readmitted');
end
$$;
revoke execute on function public.readmit_instant_participant(uuid, uuid) from public, anon, service_role;
grant execute on function public.readmit_instant_participant(uuid, uuid) to authenticated;

-- Also for someone who left before they could be removed: then they do not come back.
create or replace function public.remove_instant_participant(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.instant_sessions s set lobby = true
    where s.id = remove_instant_participant.session_id and s.therapist_id = auth.uid()
      and s.therapist_id <> remove_instant_participant.user_id;
  if not found then
    perform private.refuse(404, 'session_not_found', 'You have no such session', 'session_id');
  end if;
  insert into private.instant_session_removals (session_id, user_id)
    select remove_instant_participant.session_id, p.id from public.profiles p
    where p.id = remove_instant_participant.user_id
    on conflict do nothing;
  delete from public.instant_session_participants p
    where p.session_id = remove_instant_participant.session_id and p.user_id = remove_instant_participant.user_id;
  return jsonb_build_object('status', 'removed');
end
$$;
revoke execute on function public.remove_instant_participant(uuid, uuid) from public, anon, service_role;
grant execute on function public.remove_instant_participant(uuid, uuid) to authenticated;
