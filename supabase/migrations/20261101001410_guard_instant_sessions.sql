-- What holds for every instant session and everyone in it, however the row is written: values in range, told as a 422
-- that names the field; tokens, times and admission, which are the database's own; an end that is final; and the trail.

create or replace function private.guard_instant_session()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  over constant boolean := tg_op = 'UPDATE' and (not old.is_active or old.expires_at <= now());
begin
  if not private.is_visible_line(new.session_name, 200) then
    perform private.refuse(422, 'invalid_field', 'session_name is one line of 1 to 200 characters', 'session_name');
  end if;
  if over and ((new.is_active and not old.is_active) or new.expires_at is distinct from old.expires_at) then
    perform private.refuse(409, 'invalid_transition', 'A session that is over does not come back', 'is_active');
  end if;
  if (tg_op = 'INSERT' or new.expires_at is distinct from old.expires_at)
      and (new.expires_at is null or new.expires_at <= now() or new.expires_at > now() + interval '7 days') then
    perform private.refuse(422, 'invalid_field', 'expires_at is within the next 7 days', 'expires_at');
  end if;
  if tg_op = 'UPDATE' then
    new.ended_at := case when old.is_active and not new.is_active then least(now(), old.expires_at)
      else old.ended_at end;
  elsif current_user in ('anon', 'authenticated') then
    new.session_token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    new.created_at := now();
    new.ended_at := null;
  end if;
  return new;
end
$$;
revoke execute on function private.guard_instant_session() from public, anon, authenticated;
create or replace trigger instant_sessions_guard before insert or update on public.instant_sessions
  for each row execute function private.guard_instant_session();

-- Security definer: no client writes the counts.
create or replace function private.count_instant_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if auth.uid() is not null then
    perform private.spend('instant sessions ' || auth.uid(), 1, 60, interval '1 hour', 'too_many_sessions',
      'You have opened sixty sessions within an hour; try again later');
  end if;
  return null;
end
$$;
revoke execute on function private.count_instant_session() from public, anon, authenticated;
create or replace trigger instant_sessions_count after insert on public.instant_sessions
  for each row execute function private.count_instant_session();
create or replace trigger instant_sessions_freeze before update on public.instant_sessions
  for each row execute function private.freeze_columns('id', 'session_token', 'therapist_id', 'created_at');
create or replace trigger instant_sessions_audit after insert or update or delete on public.instant_sessions
  for each row execute function private.audit_session('therapist_id');

-- Security definer, both: whoever comes in with the link alone reads no session in a trigger of their own, and nobody
-- reads who was removed.
create or replace function private.instant_admission(session_id uuid, person uuid)
returns timestamptz
language sql
stable
security definer
set search_path = ''
as $$
  select case when not s.lobby or s.therapist_id = person then now() end
  from public.instant_sessions s where s.id = session_id
$$;
-- Of someone who comes back: who was away when somebody was removed may be that one, and waits in the lobby. Without a
-- lobby nobody waits.
create or replace function private.instant_readmission(participant public.instant_session_participants)
returns timestamptz
language sql
stable
security definer
set search_path = ''
as $$
  select case
      when not s.lobby then coalesce(participant.admitted_at, now())
      when s.therapist_id = participant.user_id or not exists (
        select from private.instant_session_removals r
        where r.session_id = s.id and r.removed_at >= participant.left_at) then participant.admitted_at
    end
  from public.instant_sessions s where s.id = participant.session_id
$$;
revoke execute on function private.instant_admission(uuid, uuid),
  private.instant_readmission(public.instant_session_participants) from public;
grant execute on function private.instant_admission(uuid, uuid),
  private.instant_readmission(public.instant_session_participants) to anon, authenticated, service_role;

-- Ids and times that a client sends are not refused but ignored: apps send them along with an upsert. So is another name
-- than the one that somebody came with: the therapist may have read that one, and is about to admit them. An upsert
-- brings back whoever had left, also when it does not say is_active: as it tries to insert first, the insert leaves word
-- for the update.
create or replace function private.guard_instant_participant()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  by_client constant boolean := current_user in ('anon', 'authenticated');
  entering constant text := new.session_id || ' ' || new.user_id;
begin
  if not private.is_visible_line(new.participant_name, 100) then
    perform private.refuse(422, 'invalid_field', 'participant_name is one line of 1 to 100 characters',
      'participant_name');
  end if;
  if tg_op = 'INSERT' then
    perform set_config('convene.entering', coalesce(entering, ''), true);
    new.admitted_at := private.instant_admission(new.session_id, new.user_id);
    if by_client then
      -- Of someone who is gone there may be a ticket left.
      new.id := gen_random_uuid();
      new.joined_at := now();
      new.is_active := true;
      new.guest_secret_hash := case when new.user_id is null then private.guest_secret_hash() end;
    end if;
  elsif by_client then
    new.participant_name := old.participant_name;
    new.joined_at := old.joined_at;
    new.left_at := old.left_at;
    new.admitted_at := old.admitted_at;
    new.guest_secret_hash := old.guest_secret_hash;
    if not old.is_active and entering = current_setting('convene.entering', true) then
      new.is_active := true;
    end if;
  end if;
  if tg_op = 'UPDATE' and new.is_active and not old.is_active then
    new.admitted_at := private.instant_readmission(old);
  end if;
  new.left_at := case when not new.is_active then coalesce(new.left_at, now()) end;
  return new;
end
$$;
revoke execute on function private.guard_instant_participant() from public, anon, authenticated;
create or replace trigger instant_session_participants_guard before insert or update
  on public.instant_session_participants
  for each row execute function private.guard_instant_participant();
create or replace trigger instant_session_participants_freeze before update on public.instant_session_participants
  for each row execute function private.freeze_columns('id', 'session_id', 'user_id');
create or replace trigger instant_session_participants_audit
  after insert or update or delete on public.instant_session_participants
  for each row execute function private.audit_participant('instant_sessions', 'therapist_id', 'session_id');
