-- Threat: someone gets into a group session without a seat: they read its room or link, or find out who registered.
\ir support/people.psql
\ir support/virtual_sessions.psql
select plan(66);

create function pg_temp.titles() returns text language sql as $$
  select coalesce(string_agg(title, ' ' order by title), '') from virtual_sessions
$$;
create function pg_temp.rooms() returns text language sql as $$
  select coalesce(string_agg(title, ' ' order by title), '')
  from virtual_session_rooms join virtual_sessions on id = session_id
$$;

select is(pg_temp.people_of('class'), 'student patient | other_student stranger', 'ROOM-01 two sit and two wait');
select is((select count(*) from virtual_sessions), (select count(distinct meeting_room_id) from virtual_session_rooms),
  'ROOM-02 every session has a room of its own');
select is_empty($$select from virtual_session_rooms where meeting_room_id !~ '^convene-[0-9a-f]{64}$'
    or meeting_url <> 'https://meet.jit.si/' || meeting_room_id$$,
  'ROOM-03 whose name is two random UUIDs');
select is_empty($$select from virtual_sessions s, virtual_session_rooms r
    where to_jsonb(s)::text ~ 'jit\.si' or to_jsonb(s)::text like '%' || r.meeting_room_id || '%'$$,
  'ROOM-04 and is nowhere in a session');
select is_empty($$select from notifications n, virtual_session_rooms r
    where to_jsonb(n)::text like '%' || r.meeting_room_id || '%'
  union all select from session_audit a, virtual_session_rooms r
    where to_jsonb(a)::text like '%' || r.meeting_room_id || '%'$$, 'ROOM-05 nor in a notification or the trail');

select pg_temp.as_anon();
select is(pg_temp.titles(), 'class foreign_class live_class', 'ROOM-06 anon sees what is upcoming or live');
select is(pg_temp.visible('virtual_session_rooms'), '42501', 'ROOM-07 and no room');
select is(pg_temp.visible('virtual_session_registrations'), '42501', 'ROOM-08 and no registrations');
select is(pg_temp.attempt($$insert into virtual_sessions (title) values ('x')$$), '42501', 'ROOM-09 and creates none');
select is(pg_temp.attempt($$update virtual_sessions set title = 'x'$$), '42501', 'ROOM-10 changes none');
select is(pg_temp.attempt($$delete from virtual_sessions$$), '42501', 'ROOM-11 deletes none');
select is(pg_temp.seat('register_for', 'class'), '42501', 'ROOM-12 registers for none');
select is(pg_temp.seat('unregister_from', 'class'), '42501', 'ROOM-13 unregisters from none');
select is(pg_temp.seat('remove_from', 'class', 'student'), '42501', 'ROOM-14 removes nobody');
select is(pg_temp.seat('readmit_to', 'class', 'client'), '42501', 'ROOM-15 readmits nobody');

select pg_temp.as_user('trainer');
select is(pg_temp.titles(), 'class foreign_class live_class', 'ROOM-16 the unregistered see what anon sees');
select is(pg_temp.visible('virtual_session_rooms'), '0', 'ROOM-17 and no room');
select is(pg_temp.visible($$virtual_session_rooms where meeting_url like 'https://%'$$), '0',
  'ROOM-18 filtering by the link tells nothing');
select is(pg_temp.visible($$virtual_session_rooms where session_id = pg_temp.id('class')$$), '0',
  'ROOM-19 nor does the id');
select is(pg_temp.visible('virtual_sessions join virtual_session_rooms on session_id = id'), '0',
  'ROOM-20 nor a join');
select is(pg_temp.visible('virtual_session_registrations'), '0', 'ROOM-21 and no registrations');
select is(pg_temp.visible('session_audit'), '0', 'ROOM-22 and no trail');
select is(pg_temp.visible($$(select private.fill_virtual_seats(pg_temp.id('class'))) x$$), '42501',
  'ROOM-23 and calls no helper that writes');
select is(pg_temp.visible($$(select private.new_virtual_room_id()) x$$), '42501',
  'ROOM-24 nor one that names rooms');
select is(pg_temp.visible($$(select private.lock_virtual_session(pg_temp.id('class'))) x$$), '42501',
  'ROOM-25 nor one that answers sessions');
select is(pg_temp.visible($$private.virtual_room_ids()$$), '0',
  'ROOM-26 the helper of the policy answers for the caller');

select pg_temp.as_user('other_student');
select is(pg_temp.titles(), 'class foreign_class live_class', 'ROOM-27 who waits sees the session');
select is(pg_temp.rooms(), '', 'ROOM-28 and no room');
select is((select string_agg(status, ' ') from virtual_session_registrations), 'waiting',
  'ROOM-29 and of the registrations their own');

select pg_temp.as_user('client');
select is(pg_temp.rooms(), '', 'ROOM-30 who was removed sees no room');
select is((select string_agg(status, ' ') from virtual_session_registrations), 'removed',
  'ROOM-31 and that they were removed');

select pg_temp.as_user('student');
select is(pg_temp.titles(), 'cancelled_class class done_class foreign_class live_class over_class',
  'ROOM-32 who has a seat sees their sessions to the end and after it');
select is(pg_temp.rooms(), 'done_class live_class over_class', 'ROOM-33 and their rooms, from shortly before the start');
select is((select string_agg(distinct user_id::text, ' ') from virtual_session_registrations),
  pg_temp.id('student')::text, 'ROOM-34 but not who else registered');
select is(pg_temp.visible($$virtual_sessions where title = 'overdue_class'$$), '0',
  'ROOM-35 what should have ended long ago is not shown as upcoming');
select is((select max(meeting_url) like 'https://meet.jit.si/convene-%' from virtual_session_rooms
    where session_id = pg_temp.id('live_class')), true, 'ROOM-36 the link is for them');

select pg_temp.as_user('tutor');
select is(pg_temp.titles(), 'cancelled_class class done_class foreign_class live_class over_class',
  'ROOM-37 a creator sees all of theirs');
select is(pg_temp.rooms(), 'cancelled_class class done_class live_class over_class',
  'ROOM-38 with the rooms, and no one else''s');
select is(pg_temp.visible($$virtual_session_registrations where session_id = pg_temp.id('class')$$), '5',
  'ROOM-39 and who registered');
select pg_temp.as_user('other_tutor');
select is(pg_temp.rooms(), 'foreign_class', 'ROOM-40 another creator has no way in');
select is(pg_temp.visible('virtual_session_registrations'), '0', 'ROOM-41 and sees nobody of theirs');
select pg_temp.as_user('admin');
select is(pg_temp.rooms(), '', 'ROOM-42 an admin has none either');
select is(pg_temp.visible($$session_audit where session_id = pg_temp.id('class')$$) <> '0', true,
  'ROOM-43 but reads the trail');
select pg_temp.as_user('premium');
select is(pg_temp.rooms(), '', 'ROOM-44 a premium plan opens no room');

-- Losing the seat is losing the room.
select pg_temp.as_user('student');
select pg_temp.seat('unregister_from', 'class');
select is(pg_temp.visible($$virtual_session_rooms where session_id = pg_temp.id('class')$$), '0',
  'ROOM-45 who leaves loses the room');
select pg_temp.as_user('other_student');
select is(pg_temp.rooms(), '', 'ROOM-46 and who moves up does not learn it yet');
select pg_temp.as_owner();
update virtual_sessions set scheduled_time = now() + interval '601 seconds' where id = pg_temp.id('class');
select is(pg_temp.visible_to('other_student', 'virtual_session_rooms'), '0', 'ROOM-63 until eleven minutes before the start');
select is(pg_temp.visible_to('tutor', $$virtual_session_rooms where session_id = pg_temp.id('class')$$), '1',
  'ROOM-64 when the creator has it');
select pg_temp.as_owner();
update virtual_sessions set scheduled_time = now() + interval '10 minutes' where id = pg_temp.id('class');
select is(pg_temp.visible_to(name, $$virtual_session_rooms where session_id = pg_temp.id('class')$$), outcome,
  'ROOM-65 ten minutes before it they do: ' || name)
  from (values ('other_student', '1'), ('student', '0')) as people (name, outcome);
select pg_temp.as_owner();
create temp table before_removal as
  select meeting_url from virtual_session_rooms where session_id = pg_temp.id('class');
grant select on before_removal to authenticated;
select pg_temp.as_user('tutor');
select pg_temp.seat('remove_from', 'class', 'patient');
select is(pg_temp.visible($$virtual_session_rooms join before_removal using (meeting_url)$$), '0',
  'ROOM-47 who was removed may know the room, so it is another one then');
select pg_temp.as_user('patient');
select is(pg_temp.rooms(), '', 'ROOM-48 which they do not learn');
select pg_temp.as_user('tutor');
select is(pg_temp.attempt($$delete from virtual_sessions where title = 'live_class'$$), '1 row',
  'ROOM-49 a session can be deleted');
select pg_temp.as_owner();
select is((select count(*) from virtual_session_rooms where session_id = pg_temp.id('live_class')), 0::bigint,
  'ROOM-50 and its room goes with it');

select pg_temp.as_user('tutor');
select pg_temp.seat('remove_from', 'done_class', 'student');
select pg_temp.as_user('student');
select is(pg_temp.visible($$virtual_sessions where id = pg_temp.id('done_class')$$), '0',
  'ROOM-51 who was removed does not see what is over');
select is(pg_temp.seat('register_for', 'done_class'), 'session_not_found 404', 'ROOM-52 or hear that it was there');

-- With the table grants of @supabase/lite.
select pg_temp.as_owner();
grant all on virtual_sessions, virtual_session_rooms, virtual_session_registrations
  to anon, authenticated;
select pg_temp.as_anon();
select is(pg_temp.visible('virtual_session_rooms'), '0', 'ROOM-53 with table grants anon still sees no room');
select is(pg_temp.visible('virtual_session_registrations'), '0', 'ROOM-54 and no registrations');
select is(pg_temp.attempt('delete from virtual_sessions'), '0 rows', 'ROOM-55 deletes no session');
select is(pg_temp.attempt($$update virtual_sessions set status = 'live'$$), '0 rows', 'ROOM-56 changes none');
select is(pg_temp.attempt($$insert into virtual_session_rooms values (pg_temp.id('class'), 'r', 'x')$$), '42501',
  'ROOM-57 and opens no room');
select pg_temp.as_user('student');
select is(pg_temp.attempt($$update virtual_session_rooms set meeting_url = 'https://evil.example'$$), '0 rows',
  'ROOM-58 who has a seat leads nobody elsewhere');
select is(pg_temp.attempt('delete from virtual_session_rooms'), '0 rows', 'ROOM-59 and closes no room');
select pg_temp.as_user('tutor');
select is(pg_temp.attempt($$update virtual_session_rooms set meeting_url = 'https://evil.example'$$), '0 rows',
  'ROOM-60 nor does the creator');

select pg_temp.as_service();
select is(pg_temp.visible('virtual_session_rooms') <> '0', true, 'ROOM-61 the service reads rooms');
select pg_temp.as_owner();
select private.sweep_virtual_sessions();
select results_eq($$select title from virtual_sessions where status = 'completed' order by title$$,
  array['done_class', 'overdue_class'], 'ROOM-62 the sweep completes what is overdue, and nothing else');

select * from finish();
rollback;
