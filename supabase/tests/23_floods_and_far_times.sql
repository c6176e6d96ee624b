-- Threat: one user makes a list, or somebody's notifications, useless for everyone else; or steps out of a session before
-- they can be removed from it.
\ir support/people.psql
\ir support/virtual_sessions.psql
\ir support/instant_sessions.psql
select plan(32);

-- A time so far that adding to it overflows would fail every query that adds to it.
select pg_temp.as_user('premium');
select is(pg_temp.attempt_insert('virtual_sessions', jsonb_build_object('creator_id', pg_temp.id('premium'), 'title', 'x',
    'tutor_name', 'x', 'scheduled_time', far)), 'invalid_field', 'FAR-01 no group session at ' || far)
  from unnest(array['294276-12-31T23:30Z', 'infinity', '9999-01-01T00:00Z']) as far;
select pg_temp.as_user('trainer');
select is(pg_temp.attempt_insert('video_sessions', jsonb_build_object('host_id', pg_temp.id('trainer'), 'provider', 'manual',
    'title', 'x', 'duration_minutes', 30, 'join_url', 'https://v.example/x', 'scheduled_start', far)), 'invalid_field',
    'FAR-02 no planned session at ' || far) from unnest(array['294276-12-31T23:30Z', '9999-01-01T00:00Z']) as far;
select is(pg_temp.attempt_insert('video_sessions', jsonb_build_object('host_id', pg_temp.id('trainer'), 'provider', 'manual',
    'title', 'x', 'duration_minutes', 30, 'join_url', U&'https://zo\202Emoc.su/x', 'scheduled_start', '2030-01-01')),
  'invalid_field', 'FAR-03 no link that turns the text around it');
select pg_temp.as_anon();
select is(pg_temp.visible('virtual_sessions') ~ '^[0-9]+$' and pg_temp.visible('virtual_sessions') <> '42501', true,
  'FAR-04 everyone''s list answers');

-- What one person may plan within an hour.
select pg_temp.as_user('premium');
select is(pg_temp.attempt($$insert into virtual_sessions (creator_id, title, tutor_name, scheduled_time)
    select pg_temp.id('premium'), 'x', 'x', now() from generate_series(1, 51)$$), 'too_many_sessions',
  'FLOOD-01 fifty-one group sessions at once');
select is(pg_temp.attempt($$insert into virtual_sessions (creator_id, title, tutor_name, scheduled_time)
    select pg_temp.id('premium'), 'x', 'x', now() from generate_series(1, 50)$$), '50 rows', 'FLOOD-02 fifty');
select is(pg_temp.attempt($$insert into virtual_sessions (creator_id, title, tutor_name, scheduled_time)
    values (pg_temp.id('premium'), 'x', 'x', now())$$), 'too_many_sessions', 'FLOOD-03 and no more');
select is(pg_temp.attempt($$delete from virtual_sessions where title = 'x'$$), '50 rows', 'FLOOD-10 they delete them all');
select is(pg_temp.attempt($$insert into virtual_sessions (creator_id, title, tutor_name, scheduled_time)
    values (pg_temp.id('premium'), 'x', 'x', now())$$), 'too_many_sessions', 'FLOOD-11 and have planned fifty still');
select pg_temp.as_service();
select is(pg_temp.attempt($$select create_virtual_session(pg_temp.id('premium'), '{"title": "x", "tutor_name": "x",
    "scheduled_time": "2030-01-01Z"}', 'https://jitsi.example/', false, null)$$), 'too_many_sessions',
  'FLOOD-12 by the function too');
select pg_temp.as_owner();
select private.act_for(null);
insert into clients (id, auth_user_id, operator_id)
  values (pg_temp.id('record'), pg_temp.id('client'), pg_temp.id('operator'));
select pg_temp.as_user('client');
select is(pg_temp.attempt($$insert into meetings (client_id, operator_id, title, scheduled_at)
    select pg_temp.id('record'), pg_temp.id('operator'), 'x', '2030-01-01Z' from generate_series(1, 21)$$),
  'too_many_meetings', 'FLOOD-04 twenty-one meetings with the operator at once');
select is(pg_temp.attempt($$insert into meetings (client_id, operator_id, title, scheduled_at)
    select pg_temp.id('record'), pg_temp.id('operator'), 'x', '2030-01-01Z' from generate_series(1, 20)$$), '20 rows',
  'FLOOD-05 twenty');
select is(pg_temp.attempt($$insert into meetings (client_id, operator_id, title, scheduled_at)
    values (pg_temp.id('record'), pg_temp.id('operator'), 'x', '2030-01-01Z')$$), 'too_many_meetings',
  'FLOOD-06 and no more');

-- Coming and going, without end.
create function pg_temp.trail() returns bigint language sql security definer as $$ select count(*) from public.session_audit $$;
select pg_temp.as_user('other_patient');
select is((select string_agg(distinct pg_temp.seat('register_for', 'foreign_class') || ' '
    || pg_temp.seat('register_for', 'foreign_class') || ' ' || pg_temp.seat('unregister_from', 'foreign_class'), ', ')
  from generate_series(1, 99)), 'registered registered unregistered', 'FLOOD-13 someone registers and leaves 99 times');
select is(pg_temp.seat('register_for', 'foreign_class'), 'registered', 'FLOOD-14 and once more');
select is(pg_temp.seat('register_for', 'foreign_class'), 'registered', 'FLOOD-15 which they may ask about');
select is(pg_temp.seat('unregister_from', 'foreign_class'), 'unregistered', 'FLOOD-16 and take back');
select pg_temp.trail() as trail \gset
select is(pg_temp.seat('register_for', class), 'too_many_registrations 429', 'FLOOD-17 but no more, for the ' || class)
  from unnest(array['foreign_class', 'class']) as class;
select is(pg_temp.trail(), :'trail'::bigint, 'FLOOD-18 which leaves no trail');
select pg_temp.as_user('other_tutor');
select is((select string_agg(distinct pg_temp.seat('remove_from', 'foreign_class', 'student') || ' '
    || pg_temp.seat('remove_from', 'foreign_class', 'student') || ' ' || pg_temp.seat('readmit_to', 'foreign_class', 'student'),
    ', ') from generate_series(1, 100)), 'removed removed readmitted', 'FLOOD-19 a creator removes a hundred times');
select is(pg_temp.seat('remove_from', 'foreign_class', 'student'), 'too_many_removals 429',
  'FLOOD-20 and no more: each may send everyone to another room');

-- Stepping out.
select pg_temp.as_user('stranger');
select pg_temp.present(pg_temp.token('open'));
select pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger'));
select pg_temp.present(pg_temp.token('open'));
delete from instant_session_participants where user_id = pg_temp.id('stranger');
select pg_temp.as_user('other_therapist');
select is(pg_temp.attempt($$select remove_instant_participant(pg_temp.id('open'), pg_temp.id('stranger'))$$),
  'session_not_found', 'OUT-01 another therapist removes nobody');
select pg_temp.as_user('therapist');
select is(remove_instant_participant(pg_temp.id('open'), pg_temp.id('stranger')), '{"status": "removed"}',
  'OUT-02 someone who is not there at the moment is removed all the same');
select pg_temp.as_user('stranger');
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger')), '42501', 'OUT-03 and does not come back');

create temporary table rooms (url text);
grant all on rooms to public;
select pg_temp.as_user('student');
insert into rooms select meeting_url from virtual_session_rooms where session_id = pg_temp.id('class');
select is(pg_temp.seat('unregister_from', 'class'), 'unregistered', 'OUT-04 a student leaves');
select pg_temp.as_user('tutor');
select is(pg_temp.seat('remove_from', 'class', 'student'), 'removed', 'OUT-05 and is removed after that');
select is_empty('select from rooms', 'OUT-06 but they have not seen the room');
insert into rooms select meeting_url from virtual_session_rooms where session_id = pg_temp.id('class');
select pg_temp.seat('remove_from', 'class', 'student');
select is((select count(*) from rooms where url = (
    select meeting_url from virtual_session_rooms where session_id = pg_temp.id('class'))), 1::bigint,
  'OUT-07 removing them once more changes nothing');

select * from finish();
rollback;
