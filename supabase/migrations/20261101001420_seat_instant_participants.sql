-- Coming in and being removed, each decided under a lock of the session's row, in the order participant, then session:
-- a session takes at most 100, whoever was removed stays out although they come back at that very moment, and after any
-- removal everyone new waits in the lobby, because a guest can always return under another name.

-- Security definer: newcomers read neither the session nor who was removed, and nobody writes notifications.
-- NO KEY: the foreign keys of other newcomers hold the row too, and two that want it whole would wait for each other.
create or replace function private.seat_instant_participant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.instant_sessions;
begin
  select * into session from public.instant_sessions s where s.id = new.session_id for no key update;
  if not session.is_active or session.expires_at <= now() then
    perform private.refuse(404, 'session_not_found', 'There is no such session');
  end if;
  if new.user_id = session.therapist_id then
    return null;
  end if;
  if exists (select from private.instant_session_removals r
      where r.session_id = session.id and r.user_id = new.user_id) then
    perform private.refuse(403, 'removed', 'The therapist removed you from this session');
  end if;
  if session.locked then
    perform private.refuse(409, 'session_locked', 'The session is locked');
  end if;
  if (select count(*) from public.instant_session_participants p where p.session_id = session.id) > 100 then
    perform private.refuse(409, 'session_full', 'The session has 100 participants already');
  end if;
  if not session.lobby then
    return null;
  end if;
  -- The lobby may have been opened since the row was made.
  update public.instant_session_participants p set admitted_at = null
    where p.id = new.id and p.admitted_at is not null;
  -- Someone who leaves and returns over and over must not fill the therapist's notifications.
  if (select count(*) from public.session_audit a
      where a.session_id = session.id and a.created_at > now() - interval '1 hour'
        and a.action = 'participant_added'
        and a.details ->> 'user_id' is not distinct from new.user_id::text) <= 20 then
    perform private.notify(session.therapist_id, 'instant_participant_waiting', 'Someone is waiting',
      format('%s waits to be admitted to %s', new.participant_name, session.session_name),
      jsonb_build_object('session_id', session.id, 'participant_id', new.id));
  end if;
  return null;
end
$$;
revoke execute on function private.seat_instant_participant() from public, anon, authenticated;
create or replace trigger instant_session_participants_seat after insert on public.instant_session_participants
  for each row execute function private.seat_instant_participant();

-- Who deletes their own row has left; who is deleted by anyone else was removed. Security definer: for the same
-- reasons.
create or replace function private.remember_removal()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if old.user_id = auth.uid() or old.guest_secret_hash = private.guest_secret_hash()
      -- Gone with their account.
      or (old.user_id is not null and not exists (select from public.profiles p where p.id = old.user_id)) then
    return null;
  end if;
  update public.instant_sessions s set lobby = true
    where s.id = old.session_id and s.therapist_id is distinct from old.user_id;
  -- Not found: gone with the session.
  if found and old.user_id is not null then
    insert into private.instant_session_removals (session_id, user_id) values (old.session_id, old.user_id)
      on conflict do nothing;
  end if;
  return null;
end
$$;
revoke execute on function private.remember_removal() from public, anon, authenticated;
create or replace trigger instant_session_participants_removed after delete on public.instant_session_participants
  for each row execute function private.remember_removal();
