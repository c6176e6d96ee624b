-- Seats and the waitlist. Everything that takes or frees a seat holds the lock of the session's row, so there are never
-- more than max_attendees, nobody has two, and the longest waiting moves up. An account that is being deleted holds its
-- profile and then asks for that lock; hence nothing here waits for a profile while it has the lock (`skip locked`).

create or replace function private.is_open_virtual_session(session public.virtual_sessions)
returns boolean
language sql
stable
set search_path = ''
as $$
  select (session.status = 'live' and session.scheduled_time >= private.overdue_before())
    or (session.status = 'upcoming'
      and session.scheduled_time + make_interval(mins => session.duration_minutes) > now())
$$;
revoke execute on function private.is_open_virtual_session(public.virtual_sessions) from public, anon, authenticated;

-- Under the lock of the session: gives free seats to those who wait, in their order, tells them, and lists who has one.
create or replace function private.fill_virtual_seats(session_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  session public.virtual_sessions;
  taken integer;
  promoted uuid;
begin
  select s.* into session from public.virtual_sessions s where s.id = fill_virtual_seats.session_id;
  if private.is_open_virtual_session(session) then
    select count(*) into taken from public.virtual_session_registrations r
      where r.session_id = session.id and r.status = 'registered';
    for promoted in
      update public.virtual_session_registrations r set status = 'registered'
      where r.session_id = session.id and r.user_id in (
        select w.user_id from public.virtual_session_registrations w join public.profiles p on p.id = w.user_id
        where w.session_id = session.id and w.status = 'waiting'
        order by w.place limit greatest(session.max_attendees - taken, 0)
        for key share of p skip locked)
      returning r.user_id
    loop
      perform private.notify(promoted, 'virtual_session_promoted', 'You have a seat',
        format('%s, %s', session.title, private.spoken_time(session.scheduled_time)),
        jsonb_build_object('session_id', session.id));
    end loop;
  end if;
  update public.virtual_sessions s set registered_users = seats.users
    from (
      select coalesce(array_agg(r.user_id order by r.place), '{}') as users
      from public.virtual_session_registrations r
      where r.session_id = session.id and r.status = 'registered'
    ) as seats
    where s.id = session.id and s.registered_users <> seats.users;
end
$$;
revoke execute on function private.fill_virtual_seats(uuid) from public, anon, authenticated;

-- Security definer: the creator whose change makes room for more does not write registrations.
create or replace function private.fill_added_seats()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.fill_virtual_seats(new.id);
  return null;
end
$$;
revoke execute on function private.fill_added_seats() from public, anon, authenticated;
-- Also when its time changes, or it starts: a seat that was freed when it was over was nobody's.
create or replace trigger virtual_sessions_fill_seats
  after update of max_attendees, scheduled_time, duration_minutes, status on public.virtual_sessions
  for each row when (new.status in ('upcoming', 'live')) execute function private.fill_added_seats();

-- Once a statement, in the order of the ids: two accounts that are deleted while both have seats in the same two
-- sessions must not wait for each other. Security definer: whoever deletes an account does not write sessions.
create or replace function private.fill_left_seats()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  freed public.virtual_sessions;
begin
  for freed in
    select s.* from public.virtual_sessions s
    where s.id in (select g.session_id from gone g where g.status = 'registered')
    order by s.id for update
  loop
    perform private.fill_virtual_seats(freed.id);
    -- An account that is gone cannot be removed any more.
    if private.virtual_room_opens_at(freed) <= now() then
      perform private.leave_open_virtual_room(freed);
    end if;
  end loop;
  return null;
end
$$;
revoke execute on function private.fill_left_seats() from public, anon, authenticated;
create or replace trigger virtual_session_registrations_fill_seats
  after delete on public.virtual_session_registrations
  referencing old table as gone for each statement execute function private.fill_left_seats();

-- The session with its lock, or the one 404 for what the caller may not see and what does not exist.
create or replace function private.lock_virtual_session(session_id uuid)
returns public.virtual_sessions
language plpgsql
set search_path = ''
as $$
declare
  session public.virtual_sessions;
begin
  select s.* into session from public.virtual_sessions s where s.id = lock_virtual_session.session_id for update;
  if session.creator_id = auth.uid() then
    return session;
  end if;
  if session.id is null or not (private.is_open_virtual_session(session)
      or session.id in (select private.joined_virtual_session_ids())
        and (session.status in ('completed', 'cancelled') or session.scheduled_time >= private.overdue_before())) then
    perform private.refuse(404, 'session_not_found', 'There is no such session', 'session_id');
  end if;
  return session;
end
$$;
revoke execute on function private.lock_virtual_session(uuid) from public, anon, authenticated;

-- For those who come or leave.
create or replace function private.lock_attended_session(session_id uuid)
returns public.virtual_sessions
language plpgsql
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := private.lock_virtual_session(session_id);
begin
  if session.creator_id = auth.uid() then
    perform private.refuse(409, 'own_session', 'This is your own session', 'session_id');
  end if;
  if not private.is_open_virtual_session(session) then
    perform private.refuse(409, 'session_closed', 'This session is over or cancelled', 'session_id');
  end if;
  return session;
end
$$;
revoke execute on function private.lock_attended_session(uuid) from public, anon, authenticated;

-- For its creator.
create or replace function private.lock_created_session(session_id uuid)
returns public.virtual_sessions
language plpgsql
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := private.lock_virtual_session(session_id);
begin
  if session.creator_id is distinct from auth.uid() then
    perform private.refuse(404, 'session_not_found', 'There is no such session of yours', 'session_id');
  end if;
  return session;
end
$$;
revoke execute on function private.lock_created_session(uuid) from public, anon, authenticated;

-- Security definer, and the three after it: they write seats, which no client does, and ask for every right
-- themselves, of auth.uid().
create or replace function public.register_for_virtual_session(session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  caller constant uuid := auth.uid();
  session constant public.virtual_sessions := private.lock_attended_session(session_id);
  mine public.virtual_session_registrations;
  waiting bigint;
begin
  select r.* into mine from public.virtual_session_registrations r
    where r.session_id = session.id and r.user_id = caller;
  if mine.status = 'removed' then
    perform private.refuse(403, 'removed', 'You were removed from this session', 'session_id');
  end if;
  if mine.status is null then
    select count(*) into waiting from public.virtual_session_registrations r
      where r.session_id = session.id and r.status = 'waiting';
    if waiting >= 1000 then
      perform private.refuse(409, 'waitlist_full', 'The waitlist of this session is full', 'session_id');
    end if;
    perform private.spend('virtual seats ' || caller, 1, 100, interval '1 hour', 'too_many_registrations',
      'You have registered a hundred times within an hour; try again later');
    insert into public.virtual_session_registrations (session_id, user_id, status, place)
      select session.id, caller,
        case when waiting = 0 and cardinality(session.registered_users) < session.max_attendees
          then 'registered' else 'waiting' end,
        coalesce(max(r.place), 0) + 1
      from public.virtual_session_registrations r where r.session_id = session.id;
    perform private.fill_virtual_seats(session.id);
    select r.* into mine from public.virtual_session_registrations r
      where r.session_id = session.id and r.user_id = caller;
  end if;
  if mine.status = 'registered' then
    return jsonb_build_object('status', mine.status);
  end if;
  return jsonb_build_object('status', mine.status, 'position', (
    select count(*) from public.virtual_session_registrations r
    where r.session_id = session.id and r.status = 'waiting' and r.place <= mine.place));
end
$$;

create or replace function public.unregister_from_virtual_session(session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := private.lock_attended_session(session_id);
begin
  -- Else one after the other would take the same seat, see the room and stay in it.
  if private.virtual_room_opens_at(session) <= now() and exists (select from public.virtual_session_registrations r
      where r.session_id = session.id and r.user_id = auth.uid() and r.status = 'registered') then
    perform private.refuse(409, 'session_open', 'The room is open: only the creator frees a seat, by removing who has it',
      'session_id');
  end if;
  -- Not a removal: that would end with it. A trigger hands the seat on.
  delete from public.virtual_session_registrations r
    where r.session_id = session.id and r.user_id = auth.uid() and r.status <> 'removed';
  return jsonb_build_object('status', 'unregistered');
end
$$;

-- Also for someone who is not in the session, or left before they could be removed: then they do not come (back).
create or replace function public.remove_from_virtual_session(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := private.lock_created_session(session_id);
  stood constant text := (select r.status from public.virtual_session_registrations r
    where r.session_id = session.id and r.user_id = remove_from_virtual_session.user_id);
begin
  if user_id is null then
    perform private.refuse(422, 'invalid_field', 'user_id is who is to be removed', 'user_id');
  elsif user_id = session.creator_id then
    perform private.refuse(409, 'own_session', 'You cannot remove yourself from your own session', 'user_id');
  elsif stood = 'removed' then
    return jsonb_build_object('status', 'removed');
  end if;
  perform private.spend('virtual removals ' || session.creator_id, 1, 100, interval '1 hour', 'too_many_removals',
    'You have removed people a hundred times within an hour; try again later');
  update public.virtual_session_registrations r set status = 'removed'
    where r.session_id = session.id and r.user_id = remove_from_virtual_session.user_id;
  if not found then
    insert into public.virtual_session_registrations (session_id, user_id, status, place)
      select session.id, p.id, 'removed', (
        select coalesce(max(r.place), 0) + 1 from public.virtual_session_registrations r
        where r.session_id = session.id)
      from public.profiles p where p.id = remove_from_virtual_session.user_id
      for key share of p skip locked
      on conflict do nothing;
  end if;
  -- Nobody else has seen the room: while it is open, seats are not given back.
  if stood = 'registered' then
    perform private.fill_virtual_seats(session.id);
    perform private.leave_open_virtual_room(session);
  end if;
  return jsonb_build_object('status', 'removed');
end
$$;

create or replace function public.readmit_to_virtual_session(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session constant public.virtual_sessions := private.lock_created_session(session_id);
begin
  delete from public.virtual_session_registrations r
    where r.session_id = session.id and r.user_id = readmit_to_virtual_session.user_id and r.status = 'removed';
  return jsonb_build_object('status', 'readmitted');
end
$$;

revoke execute on function public.register_for_virtual_session(uuid), public.unregister_from_virtual_session(uuid),
  public.remove_from_virtual_session(uuid, uuid), public.readmit_to_virtual_session(uuid, uuid)
  from public, anon, service_role;
grant execute on function public.register_for_virtual_session(uuid), public.unregister_from_virtual_session(uuid),
  public.remove_from_virtual_session(uuid, uuid), public.readmit_to_virtual_session(uuid, uuid)
  to authenticated;
