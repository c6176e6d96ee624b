-- What holds for every group session, however it is written: values in range, told as a 422 that names the field (a
-- CHECK would be an anonymous error); the columns that nobody outside the database writes; the lifecycle and the
-- trail; and a room that no one can guess.

create or replace function private.guard_virtual_session()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  refused constant text[] := case
    when not private.is_visible_line(new.title, 200)
      then array['title', 'title is one line of 1 to 200 characters']
    when not private.is_plain_text(new.description, 2000)
      then array['description', 'description is plain text of at most 2000 characters']
    when new.subject is not null and not private.is_visible_line(new.subject, 200)
      then array['subject', 'subject is one line of 1 to 200 characters']
    when not private.is_visible_line(new.tutor_name, 200)
      then array['tutor_name', 'tutor_name is one line of 1 to 200 characters']
    when new.scheduled_time is null or not isfinite(new.scheduled_time)
        or new.scheduled_time > now() + interval '10 years'
      then array['scheduled_time', 'scheduled_time is a date and time']
    -- As the function has it.
    when current_user in ('anon', 'authenticated') and (tg_op = 'INSERT' or new.scheduled_time <> old.scheduled_time)
        and new.scheduled_time not between now() - interval '5 minutes' and now() + interval '732 days'
      then array['scheduled_time', 'scheduled_time is not past, and within two years']
    when new.duration_minutes is null or new.duration_minutes not between 1 and 1440
      then array['duration_minutes', 'duration_minutes is between 1 and 1440']
    when new.max_attendees is null or new.max_attendees not between 1 and 1000
      then array['max_attendees', 'max_attendees is between 1 and 1000']
  end;
begin
  if refused is not null then
    perform private.refuse(422, 'invalid_field', refused[2], refused[1]);
  end if;
  if tg_op = 'INSERT' then
    new.registered_users := '{}';
    return new;
  end if;
  -- The service neither: the list follows from the registrations.
  if new.registered_users <> old.registered_users and current_user in ('anon', 'authenticated', 'service_role') then
    perform private.refuse(403, 'column_frozen', 'registered_users cannot be changed', 'registered_users');
  end if;
  -- This UPDATE holds the lock under which seats are taken, so `old` is how many there are.
  if new.max_attendees < cardinality(old.registered_users) then
    perform private.refuse(409, 'seats_taken',
      format('%s seats are taken already', cardinality(old.registered_users)), 'max_attendees');
  end if;
  return new;
end
$$;
revoke execute on function private.guard_virtual_session() from public, anon, authenticated;
create or replace trigger virtual_sessions_guard before insert or update on public.virtual_sessions
  for each row execute function private.guard_virtual_session();
create or replace trigger virtual_sessions_freeze before update on public.virtual_sessions
  for each row execute function private.freeze_columns('id', 'creator_id', 'created_at');
create or replace trigger virtual_sessions_touch_updated_at before update on public.virtual_sessions
  for each row execute function private.touch_updated_at();

create or replace trigger virtual_sessions_lifecycle before update of status on public.virtual_sessions
  for each row execute function
    private.guard_lifecycle('upcoming', 'live', 'completed', 'cancelled', 'scheduled_time');
create or replace trigger virtual_sessions_audit after insert or update or delete on public.virtual_sessions
  for each row execute function private.audit_session('creator_id');
create or replace trigger virtual_session_registrations_audit
  after insert or update or delete on public.virtual_session_registrations
  for each row execute function private.audit_participant('virtual_sessions', 'creator_id', 'session_id');

-- Sessions are in everybody's list, so planning is limited; deleting one gives nothing back. Security definer, as the
-- next: no client writes counts and rooms.
create or replace function private.count_virtual_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.acting_user() is not null then
    perform private.spend('virtual sessions ' || new.creator_id, 1, 50, interval '1 hour', 'too_many_sessions',
      'You have planned fifty sessions within an hour; try again later');
  end if;
  return null;
end
$$;
revoke execute on function private.count_virtual_session() from public, anon, authenticated;
create or replace trigger virtual_sessions_count after insert on public.virtual_sessions
  for each row execute function private.count_virtual_session();

-- Two UUIDs: on the public Jitsi whoever knows the name of a room is in it, and one has only 122 random bits.
create or replace function private.new_virtual_room_id()
returns text
language sql
set search_path = ''
as $$
  select 'convene-' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
$$;
revoke execute on function private.new_virtual_room_id() from public, anon, authenticated;

create or replace function private.add_virtual_room()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  room_id constant text := private.new_virtual_room_id();
begin
  insert into public.virtual_session_rooms (session_id, meeting_room_id, meeting_url)
    values (new.id, room_id, 'https://meet.jit.si/' || room_id);
  return null;
end
$$;
revoke execute on function private.add_virtual_room() from public, anon, authenticated;
create or replace trigger virtual_sessions_add_room after insert on public.virtual_sessions
  for each row execute function private.add_virtual_room();
