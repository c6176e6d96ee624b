-- Threat: a group session has more people than seats, someone has two, jumps the queue, or comes back after removal.
-- What happens at the same moment is in scripts/lib/races/seats.sh.
\ir support/people.psql
\ir support/virtual_sessions.psql
select plan(92);

create function pg_temp.told(person text, class text) returns text language sql security definer as $$
  select coalesce(string_agg(n.type, ' ' order by n.type), '') from public.notifications n
  where n.user_id = pg_temp.id(person) and n.data ->> 'session_id' = pg_temp.id(class)::text
$$;

select is(pg_temp.people_of('class'), 'student patient | other_student stranger', 'SEAT-01 two seats, two wait');
select is(pg_temp.listed('class'), 'student patient', 'SEAT-02 registered_users has those with a seat');
select is((select string_agg(place::text, ' ' order by place) from virtual_session_registrations
    where session_id = pg_temp.id('class')), '1 2 3 4 5', 'SEAT-03 places are without gaps');

-- Once.
select pg_temp.as_user('student');
select is(pg_temp.seat('register_for', 'class'), 'registered', 'SEAT-04 to register again answers the same');
select pg_temp.as_user('stranger');
select is(pg_temp.seat('register_for', 'class'), 'waiting 2', 'SEAT-05 also for those who wait');
select pg_temp.as_user('other_patient');
select is(pg_temp.seat('register_for', 'class'), 'waiting 3', 'SEAT-06 who comes later waits behind them');
select is(pg_temp.people_of('class'), 'student patient | other_student stranger other_patient',
  'SEAT-07 nobody is there twice, and no seat is added');

-- No other way in.
select is(pg_temp.attempt($$insert into virtual_session_registrations values
    (pg_temp.id('class'), pg_temp.id('other_patient'), 'registered', 99)$$), '42501',
  'SEAT-08 no client writes a registration');
select is(pg_temp.attempt($$update virtual_session_registrations set status = 'registered'$$), '42501',
  'SEAT-09 or promotes themself');
select is(pg_temp.attempt($$update virtual_session_registrations set place = 0$$), '42501',
  'SEAT-10 or jumps the queue');
select is(pg_temp.attempt($$delete from virtual_session_registrations$$), '42501', 'SEAT-11 or deletes one');
select pg_temp.as_user('client');
select is(pg_temp.attempt($$delete from virtual_session_registrations$$), '42501', 'SEAT-12 who was removed neither');
select pg_temp.as_service();
select is(pg_temp.attempt($$insert into virtual_session_registrations values
    (pg_temp.id('class'), pg_temp.id('admin'), 'registered', 99)$$), '42501',
  'SEAT-13 the service adds nobody past the seats');
select is(pg_temp.attempt($$update virtual_sessions set registered_users = '{}'$$), 'column_frozen',
  'SEAT-14 and does not write the list');
select is(pg_temp.seat('register_for', 'class'), '42501', 'SEAT-15 and registers nobody');
select pg_temp.as_user('tutor');
select is(pg_temp.attempt($$insert into virtual_session_registrations values
    (pg_temp.id('class'), pg_temp.id('admin'), 'registered', 99)$$), '42501', 'SEAT-16 nor does the creator');

-- Leaving.
select pg_temp.as_user('student');
select is(pg_temp.seat('unregister_from', 'class'), 'unregistered', 'SEAT-17 one leaves');
select is(pg_temp.people_of('class'), 'patient other_student | stranger other_patient',
  'SEAT-18 and the first of those who wait moves up, alone');
select is(pg_temp.listed('class'), 'patient other_student', 'SEAT-19 also in registered_users');
select is(pg_temp.told('other_student', 'class'), 'virtual_session_promoted', 'SEAT-20 they hear of it');
select is(pg_temp.told('stranger', 'class') || pg_temp.told('patient', 'class'), '', 'SEAT-21 the others do not');
select is(pg_temp.seat('unregister_from', 'class'), 'unregistered', 'SEAT-22 to leave again answers the same');
select is(pg_temp.people_of('class'), 'patient other_student | stranger other_patient', 'SEAT-23 and frees nothing');
select is(pg_temp.seat('register_for', 'class'), 'waiting 3', 'SEAT-24 who comes back queues up at the end');
select pg_temp.as_user('stranger');
select is(pg_temp.seat('unregister_from', 'class'), 'unregistered', 'SEAT-25 who waits can leave');
select is(pg_temp.people_of('class'), 'patient other_student | other_patient student', 'SEAT-26 which frees no seat');

-- Removal lasts.
select pg_temp.as_user('client');
select is(pg_temp.seat('register_for', 'class'), 'removed 403', 'SEAT-27 who was removed stays out');
select is(pg_temp.seat('unregister_from', 'class'), 'unregistered', 'SEAT-28 to leave is no way to forget it');
select is(pg_temp.seat('register_for', 'class'), 'removed 403', 'SEAT-29 they still stay out');
select is(pg_temp.seat('readmit_to', 'class', 'client'), 'session_not_found 404',
  'SEAT-30 and do not readmit themselves');
select pg_temp.as_user('patient');
select is(pg_temp.seat('remove_from', 'class', 'other_student'), 'session_not_found 404',
  'SEAT-31 who has a seat removes nobody');
select is(pg_temp.seat('readmit_to', 'class', 'client'), 'session_not_found 404', 'SEAT-32 and readmits nobody');
select pg_temp.as_user('other_tutor');
select is(pg_temp.seat('remove_from', 'class', 'patient'), 'session_not_found 404', 'SEAT-33 another creator neither');
select is(pg_temp.seat('readmit_to', 'class', 'client'), 'session_not_found 404', 'SEAT-34 in no direction');
select pg_temp.as_user('admin');
select is(pg_temp.seat('remove_from', 'class', 'patient'), 'session_not_found 404', 'SEAT-35 and no admin');
select pg_temp.as_user('tutor');
select is(pg_temp.seat('remove_from', 'class', 'patient'), 'removed', 'SEAT-36 the creator removes');
select is(pg_temp.people_of('class'), 'other_student other_patient | student', 'SEAT-37 and the next moves up');
select is(pg_temp.seat('remove_from', 'class', 'patient'), 'removed', 'SEAT-38 twice is once');
select is(pg_temp.seat('remove_from', 'class', 'stranger'), 'removed', 'SEAT-39 also who has left before');
select is(pg_temp.seat('remove_from', 'class', 'nobody'), 'removed',
  'SEAT-40 whether there is such a person it tells not');
select is(pg_temp.seat('remove_from', 'class', 'tutor'), 'own_session 409', 'SEAT-41 but not themself');
select pg_temp.as_user('stranger');
select is(pg_temp.seat('register_for', 'class'), 'removed 403', 'SEAT-42 they do not come back');
select pg_temp.as_user('tutor');
select is(pg_temp.seat('readmit_to', 'class', 'other_patient'), 'readmitted', 'SEAT-43 to readmit who is in');
select is(pg_temp.seat('readmit_to', 'class', 'patient'), 'readmitted', 'SEAT-44 or who was removed');
select is(pg_temp.people_of('class'), 'other_student other_patient | student', 'SEAT-45 gives and takes no seat');
select pg_temp.as_user('patient');
select is(pg_temp.seat('register_for', 'class'), 'waiting 2', 'SEAT-46 but they may come again, at the end');

-- max_attendees.
select pg_temp.as_user('tutor');
select is(pg_temp.attempt($$update virtual_sessions set max_attendees = 1 where id = pg_temp.id('class')$$),
  'seats_taken', 'SEAT-47 there are never fewer seats than people in them');
select is(pg_temp.attempt($$update virtual_sessions set max_attendees = 3 where id = pg_temp.id('class')$$), '1 row',
  'SEAT-48 with one seat more');
select is(pg_temp.people_of('class'), 'other_student other_patient student | patient', 'SEAT-49 one moves up');
select is(pg_temp.listed('class'), 'other_student other_patient student', 'SEAT-50 also in registered_users');
select is(pg_temp.told('student', 'class'), 'virtual_session_promoted', 'SEAT-51 and hears of it');
select pg_temp.as_user('other_student');
select pg_temp.seat('unregister_from', 'class');
select pg_temp.as_user('tutor');
select is(pg_temp.attempt($$update virtual_sessions set max_attendees = 10 where id = pg_temp.id('class')$$), '1 row',
  'SEAT-52 with more seats than people');
select is(pg_temp.people_of('class'), 'other_patient student patient', 'SEAT-53 all have one');
select is(pg_temp.attempt($$update virtual_sessions set max_attendees = 3 where id = pg_temp.id('class')$$), '1 row',
  'SEAT-54 and empty seats can be taken away');

-- Accounts vanish.
select pg_temp.as_user('other_student');
select is(pg_temp.seat('register_for', 'class'), 'waiting 1', 'SEAT-55 someone waits');
select pg_temp.as_owner();
delete from auth.users where id = pg_temp.id('student');
select is(pg_temp.people_of('class'), 'other_patient patient other_student',
  'SEAT-56 the seat of a deleted account goes to the next');
select is(pg_temp.listed('class'), 'other_patient patient other_student', 'SEAT-57 also in registered_users');
select is(pg_temp.told('other_student', 'class'), 'virtual_session_promoted virtual_session_promoted',
  'SEAT-58 who hears of it');
select is_empty($$select from virtual_sessions where pg_temp.id('student') = any (registered_users)$$,
  'SEAT-59 and no list names the deleted account');
select pg_temp.as_service();
select is(pg_temp.attempt($$delete from virtual_session_registrations where user_id = pg_temp.id('patient')$$), '1 row',
  'SEAT-60 the service takes a registration away');
select pg_temp.as_owner();
select is(pg_temp.listed('class'), 'other_patient other_student', 'SEAT-61 and the list follows');

-- What cannot be registered for.
select pg_temp.as_user('tutor');
select is(pg_temp.seat('register_for', 'class'), 'own_session 409', 'SEAT-62 not one''s own session');
select pg_temp.as_user('premium');
select is(pg_temp.seat('register_for', 'no_class'), 'session_not_found 404', 'SEAT-63 not an unknown one');
select is(pg_temp.seat('register_for', 'cancelled_class'), 'session_not_found 404', 'SEAT-64 not a cancelled one');
select is(pg_temp.seat('register_for', 'done_class'), 'session_not_found 404', 'SEAT-65 not a completed one');
select is(pg_temp.seat('register_for', 'over_class'), 'session_not_found 404', 'SEAT-66 not one that is over');
select is(pg_temp.seat('register_for', 'overdue_class'), 'session_not_found 404',
  'SEAT-67 not one that should have ended: all with the answer for an unknown one');
select is(pg_temp.seat('unregister_from', 'no_class'), 'session_not_found 404', 'SEAT-68 the same for leaving');
select is(pg_temp.seat('unregister_from', 'done_class'), 'session_not_found 404', 'SEAT-69 whatever its state');
select is(pg_temp.seat('register_for', 'live_class'), 'registered', 'SEAT-70 a live one can be registered for');
select is(pg_temp.seat('unregister_from', 'live_class'), 'session_open 409',
  'SEAT-88 but who has a seat, and so the room, does not hand it on');
select is(pg_temp.people_of('live_class'), 'premium', 'SEAT-89 they have it still');
select pg_temp.as_user('patient');
select is(pg_temp.seat('register_for', 'class'), 'registered', 'SEAT-71 a place is free again');
select pg_temp.as_user('stranger');
select is(pg_temp.seat('register_for', 'foreign_class'), 'registered', 'SEAT-72 a removal is of one session');
select pg_temp.as_user('tutor');
select pg_temp.attempt($$update virtual_sessions set status = 'cancelled' where id = pg_temp.id('class')$$);
select pg_temp.as_user('patient');
select is(pg_temp.seat('register_for', 'class'), 'session_closed 409', 'SEAT-73 who was in it hears that it is closed');
select is(pg_temp.seat('unregister_from', 'class'), 'session_closed 409', 'SEAT-74 in both directions');
select is(pg_temp.told('patient', 'class'), 'virtual_session_cancelled virtual_session_promoted',
  'SEAT-75 and heard that it is called off');
select is(pg_temp.told('stranger', 'class') || pg_temp.told('client', 'class'), '',
  'SEAT-76 unlike those who were removed');

-- News, for those it concerns.
select pg_temp.as_owner();
select pg_temp.class('news', 'tutor', '2030-05-01T10:00Z', 1);
select pg_temp.as_user(name), pg_temp.seat('register_for', 'news') from unnest(array['client', 'patient']) as name;
select pg_temp.as_user('tutor');
select pg_temp.attempt($$update virtual_sessions set scheduled_time = now() where id = pg_temp.id('news')$$);
select is(pg_temp.told('client', 'news') || ' ' || pg_temp.told('patient', 'news'),
  'virtual_session_rescheduled virtual_session_rescheduled', 'SEAT-77 all hear that it moves');
select pg_temp.attempt($$update virtual_sessions set status = 'live' where id = pg_temp.id('news')$$);
select is(pg_temp.told('client', 'news') || ', ' || pg_temp.told('patient', 'news'),
  'virtual_session_rescheduled virtual_session_started, virtual_session_rescheduled',
  'SEAT-78 those with a seat that it starts');
select pg_temp.attempt($$delete from virtual_sessions where id = pg_temp.id('news')$$);
select is(pg_temp.told('patient', 'news'), 'virtual_session_cancelled virtual_session_rescheduled',
  'SEAT-79 all that it is gone');
select pg_temp.as_owner();
select is((select count(*) from notifications
    where user_id = pg_temp.id('tutor') and type <> 'virtual_session_room_moved'), 0::bigint,
  'SEAT-80 the creator hears nothing of what they did');

-- From ten minutes before.
select pg_temp.class('soon', 'tutor', now() + interval '10 minutes', 1);
select pg_temp.as_user(name), pg_temp.seat('register_for', 'soon') from unnest(array['client', 'patient']) as name;
select is(pg_temp.seat('unregister_from', 'soon'), outcome, format('SEAT-90 seats stay taken, %s leaves: %s', name, outcome))
  from (values ('client', 'session_open 409'), ('patient', 'unregistered'), ('stranger', 'unregistered')) as people (name, outcome),
    lateral pg_temp.as_user(name);
select pg_temp.as_owner();

-- What was over, and takes place after all.
select pg_temp.class('late', 'tutor', now(), 1);
select pg_temp.as_user(name), pg_temp.seat('register_for', 'late') from unnest(array['client', 'patient']) as name;
select pg_temp.as_owner();
update virtual_sessions set scheduled_time = now() - interval '2 hours' where id = pg_temp.id('late');
select pg_temp.as_user('tutor');
select pg_temp.seat('remove_from', 'late', 'client');
select is(pg_temp.listed('late'), '', 'SEAT-85 a seat that is freed when a session is over is nobody''s');
select pg_temp.attempt($$update virtual_sessions set scheduled_time = now() where id = pg_temp.id('late')$$);
select is(pg_temp.listed('late'), 'patient', 'SEAT-86 until it is moved: then the first who waits has it');
select is(pg_temp.told('patient', 'late') ~ 'virtual_session_promoted', true, 'SEAT-87 and hears of it');
select pg_temp.as_owner();

-- The waitlist has an end.
select pg_temp.class('full', 'tutor', '2030-05-01T10:00Z', 1);
insert into auth.users (id, email)
  select pg_temp.id('crowd ' || n), n || '@crowd.example' from generate_series(0, 1000) n;
insert into virtual_session_registrations (session_id, user_id, status, place)
  select pg_temp.id('full'), pg_temp.id('crowd ' || n), case n when 0 then 'registered' else 'waiting' end, n + 1
  from generate_series(0, 1000) n;
update virtual_sessions set registered_users = array[pg_temp.id('crowd 0')] where id = pg_temp.id('full');
select pg_temp.as_user('client');
select is(pg_temp.seat('register_for', 'full'), 'waitlist_full 409', 'SEAT-81 a waitlist has 1000 places');
select pg_temp.as_user('crowd 7');
select is(pg_temp.seat('register_for', 'full'), 'waiting 7', 'SEAT-82 who is on it keeps theirs');

-- The creator's account vanishes.
select pg_temp.as_owner();
select is(pg_temp.attempt($$delete from auth.users where id = pg_temp.id('tutor')$$), '1 row',
  'SEAT-83 sessions and seats do not hold up the deletion of an account');
select is(pg_temp.told('crowd 0', 'full') || ' ' || pg_temp.told('crowd 7', 'full'),
  'virtual_session_cancelled virtual_session_cancelled', 'SEAT-84 and those who registered hear of it');

select * from finish();
rollback;
