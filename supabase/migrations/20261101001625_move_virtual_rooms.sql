-- Where a session has its room, once there is one. A guarded room stays: who was removed gets no other token, and the
-- one they have ends in minutes. Any other room is open to whoever knows its URL, which who was removed may; so it is
-- left.

-- Under the lock of the session: it has another room from now on, and who may be in the old one hears of it.
create or replace function private.move_virtual_room(
  session public.virtual_sessions, room_base_url text, room_is_guarded boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  room_id constant text := private.new_virtual_room_id();
begin
  update public.virtual_session_rooms r
    set meeting_room_id = room_id, meeting_url = room_base_url || room_id, is_guarded = room_is_guarded
    where r.session_id = session.id;
  if private.is_open_virtual_session(session) and private.virtual_room_opens_at(session) <= now() then
    perform private.notify_of_virtual_session(session, session.creator_id || array(
      select r.user_id from public.virtual_session_registrations r
      where r.session_id = session.id and r.status = 'registered'),
      'virtual_session_room_moved', 'Group session in another room: join again');
  end if;
end
$$;
revoke execute on function private.move_virtual_room(public.virtual_sessions, text, boolean)
  from public, anon, authenticated;

-- After somebody who may know the room has lost their seat.
create or replace function private.leave_open_virtual_room(session public.virtual_sessions)
returns void
language sql
set search_path = ''
as $$
  select private.move_virtual_room(session, left(r.meeting_url, -char_length(r.meeting_room_id)), false)
  from public.virtual_session_rooms r
  where r.session_id = session.id and not r.is_guarded and session.status in ('upcoming', 'live')
$$;
revoke execute on function private.leave_open_virtual_room(public.virtual_sessions) from public, anon, authenticated;

-- Who has a seat may have seen the room. Moved to another day, the session is one whose seats are given back again.
create or replace function private.leave_closed_virtual_room()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.virtual_room_opens_at(old) <= now() and private.virtual_room_opens_at(new) > now() then
    perform private.leave_open_virtual_room(new);
  end if;
  return null;
end
$$;
revoke execute on function private.leave_closed_virtual_room() from public, anon, authenticated;
create or replace trigger virtual_sessions_leave_room after update of scheduled_time on public.virtual_sessions
  for each row execute function private.leave_closed_virtual_room();

-- When this deployment has no tokens for a guarded room: its rooms are elsewhere now, or are open. Only while it is
-- still the room that the caller saw, so that of two joins one moves it. Security definer: the service does not write
-- rooms.
create or replace function public.move_guarded_virtual_room(
  session_id uuid, meeting_room_id text, room_base_url text, room_is_guarded boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.virtual_sessions;
begin
  select s.* into session from public.virtual_sessions s where s.id = move_guarded_virtual_room.session_id for update;
  perform private.move_virtual_room(session, room_base_url, room_is_guarded)
    from public.virtual_session_rooms r
    where r.session_id = session.id and r.meeting_room_id = move_guarded_virtual_room.meeting_room_id and r.is_guarded;
  return jsonb_build_object('moved', found);
end
$$;
revoke execute on function public.move_guarded_virtual_room(uuid, text, text, boolean) from public, anon, authenticated;
grant execute on function public.move_guarded_virtual_room(uuid, text, text, boolean) to service_role;
