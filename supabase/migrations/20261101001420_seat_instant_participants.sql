-- Coming in, coming back and being removed. Whoever was removed stays out although they come at that very moment, and
-- after any removal everyone new waits in the lobby, because a guest can always return under another name.
--
-- Locks are taken in the order session, participant, places. Who comes back has their own row already, and must not wait
-- for the session's (nor write their row twice: the second time the foreign key would): the places are a lock of their
-- own, held until the end of the transaction by everyone who takes one, and by the end of the session, which takes all.
create or replace function private.lock_instant_places(session_id uuid)
returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('instant places ' || session_id, 0))
$$;
revoke execute on function private.lock_instant_places(uuid) from public, anon, authenticated;

-- How many are in a session, and how many of them are guests: these may be made up, and leave places to users.
create or replace function private.instant_places(out everyone integer, out guests integer)
language sql
immutable
set search_path = ''
as $$ select 100, 80 $$;
revoke execute on function private.instant_places() from public, anon, authenticated;

-- A hundred guests and a hundred users wait: guests keep no user out of the lobby either. Under the lock of the places.
create or replace function private.check_instant_place(participant public.instant_session_participants)
returns void
language plpgsql
set search_path = ''
as $$
declare
  guest constant boolean := participant.user_id is null;
  others bigint;
  others_alike bigint;
begin
  select count(*), count(*) filter (where (p.user_id is null) = guest) into others, others_alike
    from public.instant_session_participants p
    where p.session_id = participant.session_id and p.id <> participant.id and p.is_active
      and (p.admitted_at is null) = (participant.admitted_at is null);
  if participant.admitted_at is null then
    if others_alike >= 100 then
      perform private.refuse(409, 'lobby_full', 'A hundred people are waiting already');
    end if;
  elsif others >= (private.instant_places()).everyone
      or (guest and others_alike >= (private.instant_places()).guests) then
    perform private.refuse(409, 'session_full', 'The session has no place left');
  end if;
end
$$;
revoke execute on function private.check_instant_place(public.instant_session_participants)
  from public, anon, authenticated;

-- Someone who leaves and returns over and over must not fill the therapist's notifications, nor keep others out of them.
create or replace function private.tell_of_waiting(
  session public.instant_sessions, participant public.instant_session_participants)
returns void
language plpgsql
set search_path = ''
as $$
declare
  person constant text := coalesce(participant.user_id::text, participant.guest_secret_hash);
  kind constant text := case when participant.user_id is null then 'guests' else 'users' end;
  told integer;
begin
  if (private.count_uses(format('instant notices %s %s', session.id, person), 1, interval '1 hour')).used > 3 then
    return;
  end if;
  told := (private.count_uses(format('instant notices %s %s', session.id, kind), 1, interval '1 hour')).used;
  if told > 60 then
    return;
  end if;
  perform private.notify(session.therapist_id, 'instant_participant_waiting', 'Someone is waiting',
    format('%s waits to be admitted to %s', participant.participant_name, session.session_name)
      || case when told = 60 then format('. More may wait: there are no more notices of %s within this hour', kind) else '' end,
    jsonb_build_object('session_id', session.id, 'participant_id', participant.id));
end
$$;
revoke execute on function private.tell_of_waiting(
  public.instant_sessions, public.instant_session_participants) from public, anon, authenticated;

-- For who comes, comes back or is admitted. Security definer: newcomers read neither the session nor who was removed, and
-- nobody writes notifications and limits.
create or replace function private.seat_instant_participant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.instant_sessions;
  comes constant boolean := tg_op = 'INSERT';
begin
  if new.user_id is null and new.guest_secret_hash is null then
    -- Nobody could ever act for them.
    perform private.refuse(422, 'invalid_field', 'A guest has an x-guest-secret of 32 to 256 characters',
      'x-guest-secret');
  elsif comes then
    -- NO KEY: the foreign keys of other newcomers hold the row too, and two that want it whole would wait for each other.
    perform from public.instant_sessions s where s.id = new.session_id for no key update;
  end if;
  perform private.lock_instant_places(new.session_id);
  select * into session from public.instant_sessions s where s.id = new.session_id;
  if (session.is_active and session.expires_at > now()) is not true then
    perform private.refuse(404, 'session_not_found', 'There is no such session');
  elsif new.user_id = session.therapist_id then
    return null;
  elsif private.was_removed(session.id, new.user_id, new.guest_secret_hash) then
    perform private.refuse(403, 'removed', 'The therapist removed you from this session');
  elsif comes and session.locked then
    perform private.refuse(409, 'session_locked', 'The session is locked');
  end if;
  -- The lobby may have been opened since the row was made.
  if comes and session.lobby and new.admitted_at is not null then
    new.admitted_at := null;
    update public.instant_session_participants p set admitted_at = null where p.id = new.id;
  end if;
  perform private.check_instant_place(new);
  if not comes and not old.is_active then
    -- Nobody leaves more often than they come, so that the trail is bounded, and leaving is never refused.
    perform private.spend(format('instant returns %s', new.id), 1, 30, interval '10 minutes', 'too_many_returns',
      'You have come back too often; try again in a few minutes');
  elsif comes and new.user_id is null then
    -- Each may have tickets, and be somebody else the next time.
    perform private.spend('instant guests ' || session.id, 1, 3000, interval '10 minutes', 'too_many_guests',
      'Too many guests have come to this session; try again in a few minutes');
  end if;
  if new.admitted_at is null then
    perform private.tell_of_waiting(session, new);
  end if;
  return null;
end
$$;
revoke execute on function private.seat_instant_participant() from public, anon, authenticated;
create or replace trigger instant_session_participants_seat after insert on public.instant_session_participants
  for each row execute function private.seat_instant_participant();
create or replace trigger instant_session_participants_seat_again after update on public.instant_session_participants
  for each row when (new.is_active and (not old.is_active or old.admitted_at is null and new.admitted_at is not null))
  execute function private.seat_instant_participant();

-- Without a lobby nobody waits: whoever does comes in before those who come next, as far as there are places. Security
-- definer: a therapist admits nobody by the table.
create or replace function private.admit_who_waits()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  free integer;
  free_for_guests integer;
begin
  perform private.lock_instant_places(new.id);
  select (private.instant_places()).everyone - count(*),
      (private.instant_places()).guests - count(*) filter (where p.user_id is null)
    into free, free_for_guests
    from public.instant_session_participants p
    where p.session_id = new.id and p.is_active and p.admitted_at is not null;
  update public.instant_session_participants p set admitted_at = now()
    from (
      select w.id, row_number() over (order by w.joined_at, w.id) as nth
      from (
        select q.*, row_number() over (partition by q.user_id is null order by q.joined_at, q.id) as nth_alike
        from public.instant_session_participants q
        where q.session_id = new.id and q.is_active and q.admitted_at is null) as w
      where w.user_id is not null or w.nth_alike <= free_for_guests) as next
    where p.id = next.id and next.nth <= free;
  return null;
end
$$;
revoke execute on function private.admit_who_waits() from public, anon, authenticated;
create or replace trigger instant_sessions_admit after update of lobby on public.instant_sessions
  for each row when (old.lobby and not new.lobby and new.is_active and new.expires_at > now())
  execute function private.admit_who_waits();

-- Whoever deletes their own row has left, and the row stays: they have a ticket still, and there is something to remove.
create or replace function private.keep_who_leaves()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_user in ('anon', 'authenticated')
      and (old.user_id = auth.uid() or old.guest_secret_hash = private.guest_secret_hash()) then
    update public.instant_session_participants p set is_active = false where p.id = old.id and p.is_active;
    return null;
  end if;
  return old;
end
$$;
revoke execute on function private.keep_who_leaves() from public, anon, authenticated;
create or replace trigger instant_session_participants_keep before delete on public.instant_session_participants
  for each row execute function private.keep_who_leaves();

-- Who is deleted was removed. Security definer: for the same reasons as above.
create or replace function private.remember_removal()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Gone with their account.
  if old.user_id is not null and not exists (select from public.profiles p where p.id = old.user_id) then
    return null;
  end if;
  update public.instant_sessions s set lobby = true
    where s.id = old.session_id and s.therapist_id is distinct from old.user_id;
  -- Not found: gone with the session.
  if found then
    insert into private.instant_session_removals (session_id, user_id, guest_secret_hash)
      values (old.session_id, old.user_id, old.guest_secret_hash)
      on conflict do nothing;
  end if;
  return null;
end
$$;
revoke execute on function private.remember_removal() from public, anon, authenticated;
create or replace trigger instant_session_participants_removed after delete on public.instant_session_participants
  for each row execute function private.remember_removal();
