-- Threat: through PostgREST, someone creates group sessions without the right to, takes over those of others, or writes
-- what the database keeps: creator, seats, lifecycle, trail.
\ir support/people.psql
\ir support/virtual_sessions.psql
select plan(77);

create function pg_temp.insert_class(creator text, changes jsonb default '{}') returns text language sql as $$
  select pg_temp.attempt_insert('virtual_sessions', jsonb_build_object('creator_id', pg_temp.id(creator),
    'title', 'New', 'tutor_name', 'T', 'scheduled_time', now() + interval '1 month') || changes)
$$;
create function pg_temp.change(class text, change text) returns text language sql as $$
  select pg_temp.attempt(format('update virtual_sessions set %s where id = pg_temp.id(%L)', change, class))
$$;

select pg_temp.as_user('tutor');
select is(pg_temp.insert_class('tutor'), '1 row', 'CLASS-01 a tutor creates a session');
select is(pg_temp.insert_class('other_tutor'), '42501', 'CLASS-02 not in another''s name');
select pg_temp.as_user('premium');
select is(pg_temp.insert_class('premium'), '1 row', 'CLASS-03 a premium user does');
select pg_temp.as_owner();
update profiles set is_premium = false where id = pg_temp.id('premium');
select pg_temp.as_user('premium');
select is(pg_temp.insert_class('premium'), '42501', 'CLASS-04 not once the plan has ended');
select is(pg_temp.attempt($$update profiles set is_premium = true$$), '42501', 'CLASS-05 and takes no plan');
select pg_temp.as_user('student');
select is(pg_temp.insert_class('student'), '42501', 'CLASS-06 a student creates none');
select is(pg_temp.insert_class('tutor'), '42501', 'CLASS-07 nor in a tutor''s name');
select pg_temp.as_user('trainer');
select is(pg_temp.insert_class('trainer'), '42501', 'CLASS-08 nor does a host of another family');
select pg_temp.as_user('stranger');
select is(pg_temp.insert_class('stranger'), '42501', 'CLASS-09 nor a stranger');
select pg_temp.as_user('admin');
select is(pg_temp.insert_class('admin'), '42501', 'CLASS-10 nor an admin');
select pg_temp.as_anon();
select is(pg_temp.insert_class('tutor'), '42501', 'CLASS-11 nor anon');

-- What is not theirs.
select pg_temp.as_user('tutor');
select is(pg_temp.change('foreign_class', $$title = 'x'$$), '0 rows', 'CLASS-12 a creator changes no one else''s');
select is(pg_temp.change('foreign_class', $$status = 'cancelled'$$), '0 rows', 'CLASS-13 or cancels one');
select is(pg_temp.attempt($$delete from virtual_sessions where id = pg_temp.id('foreign_class')$$), '0 rows',
  'CLASS-14 or deletes one');
select pg_temp.as_user('student');
select is(pg_temp.change('class', $$title = 'x'$$), '0 rows', 'CLASS-15 who has a seat changes nothing');
select is(pg_temp.attempt($$delete from virtual_sessions$$), '0 rows', 'CLASS-16 and deletes nothing');

-- What is theirs.
select pg_temp.as_user('tutor');
select is(pg_temp.change('class', $$title = 'x', description = 'd', subject = 's', tutor_name = 't'$$), '1 row',
  'CLASS-17 a creator changes the words');
select is(pg_temp.change('class', $$scheduled_time = now() + interval '1 month', duration_minutes = 90$$), '1 row',
  'CLASS-18 and the time');
select is(pg_temp.change('class', $$creator_id = pg_temp.id('other_tutor')$$), '42501', 'CLASS-19 not the creator');
select is(pg_temp.change('class', $$registered_users = array[pg_temp.id('client')]$$), '42501',
  'CLASS-20 not the seats');
select is(pg_temp.change('class', $$created_at = now()$$), '42501', 'CLASS-21 not its age');
select is(pg_temp.change('class', $$title = ''$$), 'invalid_field', 'CLASS-22 the title has characters');
select is(pg_temp.change('class', $$title = repeat('x', 201)$$), 'invalid_field', 'CLASS-23 at most 200');
select is(pg_temp.change('class', $$tutor_name = ''$$), 'invalid_field', 'CLASS-24 the tutor has a name');
select is(pg_temp.change('class', $$description = repeat('x', 2001)$$), 'invalid_field',
  'CLASS-25 the description has an end');
select is(pg_temp.change('class', $$subject = repeat('x', 201)$$), 'invalid_field', 'CLASS-26 the subject too');
select is(pg_temp.change('class', $$scheduled_time = 'infinity'$$), 'invalid_field', 'CLASS-27 the time comes');
select is(pg_temp.change('class', $$duration_minutes = 1441$$), 'invalid_field', 'CLASS-28 a session fits in a day');
select is(pg_temp.change('class', $$duration_minutes = 0$$), 'invalid_field', 'CLASS-29 and is not empty');
select is(pg_temp.change('class', $$max_attendees = 1001$$), 'invalid_field', 'CLASS-30 seats are at most 1000');
select is(pg_temp.change('class', $$max_attendees = null$$), 'invalid_field', 'CLASS-31 and a number');
select is(pg_temp.change('class', $$status = 'open'$$), 'invalid_transition', 'CLASS-32 the status is a known one');
select is(pg_temp.insert_class('tutor', '{"max_attendees": 0}'), 'invalid_field', 'CLASS-33 from the start');
select is(pg_temp.change('class', field || ' = ' || quote_literal(bad)), 'invalid_field',
    format('CLASS-57 %s is one line that can be seen: %s', field, to_json(bad)))
  from unnest(array['title', 'subject', 'tutor_name']) as field, unnest(array[' ', E'a\nb', E'a\u202eb', E'\u200b']) as bad;
select is(pg_temp.insert_class('tutor', jsonb_build_object('title', E'a\u0007b')), 'invalid_field', 'CLASS-58 from the start');
select is(pg_temp.change('class', $$description = E'a\u2066b'$$), 'invalid_field', 'CLASS-59 a description turns nothing around');
select is(pg_temp.change('over_class', $$description = E'a\n\tb', subject = null$$), '1 row', 'CLASS-60 but has lines');
select is(pg_temp.insert_class('tutor', jsonb_build_object('scheduled_time', at)), outcome, 'CLASS-61 in ' || at - now())
  from (values (now() - interval '6 minutes', 'invalid_field'), (now() - interval '4 minutes', '1 row'),
    (now() + interval '731 days', '1 row'), (now() + interval '733 days', 'invalid_field')) as plans (at, outcome);
select is(pg_temp.change('class', $$scheduled_time = now() - interval '6 minutes'$$), 'invalid_field',
  'CLASS-62 nor is it moved to the past');
select is(pg_temp.change('over_class', $$title = 'Over'$$), '1 row', 'CLASS-63 what is past may have other words yet');

-- The lifecycle.
select is(pg_temp.change('class', $$status = 'completed'$$), 'invalid_transition',
  'CLASS-34 what is to come is not over');
select is(pg_temp.change('live_class', $$status = 'upcoming'$$), 'invalid_transition', 'CLASS-35 what is live started');
select is(pg_temp.change('live_class', $$status = 'cancelled'$$), 'invalid_transition',
  'CLASS-36 and is completed, not cancelled');
select is(pg_temp.change('live_class', $$status = 'completed'$$), '1 row', 'CLASS-37 in one move');
select is(pg_temp.change('done_class', $$status = 'live'$$), 'invalid_transition', 'CLASS-38 what is over stays over');
select is(pg_temp.change('done_class', $$status = 'upcoming'$$), 'invalid_transition', 'CLASS-39 in every way');
select is(pg_temp.change('cancelled_class', $$status = 'upcoming'$$), 'invalid_transition',
  'CLASS-40 what was cancelled is not revived');
select is(pg_temp.change('cancelled_class', $$status = 'live'$$), 'invalid_transition', 'CLASS-41 or started');
select is(pg_temp.change('class', $$status = 'live'$$), '1 row', 'CLASS-42 what is upcoming starts');
select pg_temp.as_service();
select is(pg_temp.change('cancelled_class', $$status = 'live'$$), 'invalid_transition', 'CLASS-43 for the service too');

-- With the table grants of @supabase/lite.
select pg_temp.as_owner();
grant all on virtual_sessions, virtual_session_rooms, virtual_session_registrations to authenticated, service_role;
select pg_temp.as_user('tutor');
select is(pg_temp.change('class', $$creator_id = pg_temp.id('other_tutor')$$), 'column_frozen',
  'CLASS-44 with table grants a creator still hands no session to another');
select is(pg_temp.change('class', $$registered_users = array[pg_temp.id('client')]$$), 'column_frozen',
  'CLASS-45 and fills no seats');
select is(pg_temp.change('class', $$registered_users = '{}'$$), 'column_frozen', 'CLASS-46 and empties none');
select is(pg_temp.change('class', $$id = gen_random_uuid()$$), 'column_frozen', 'CLASS-47 the id stays');
select is(pg_temp.insert_class('tutor', '{"status": "live"}'), '42501', 'CLASS-48 nothing starts live');
select is(pg_temp.insert_class('tutor', jsonb_build_object('id', pg_temp.id('stuffed'), 'registered_users',
    array[pg_temp.id('client')]::text)), '1 row', 'CLASS-49 a list of users that comes along');
select is((select registered_users from virtual_sessions where id = pg_temp.id('stuffed')), '{}'::uuid[],
  'CLASS-50 is not taken');
select is(pg_temp.attempt($$update virtual_session_registrations set status = 'registered'$$), '0 rows',
  'CLASS-51 a creator promotes nobody');
select is(pg_temp.attempt($$delete from virtual_session_registrations$$), '0 rows', 'CLASS-52 and deletes nobody');
select pg_temp.as_user('stranger');
select is(pg_temp.attempt($$update virtual_session_registrations set status = 'registered', place = 0$$), '0 rows',
  'CLASS-53 who waits does not jump the queue');
select is(pg_temp.attempt($$insert into virtual_session_registrations values
    (pg_temp.id('foreign_class'), pg_temp.id('stranger'), 'registered', 1)$$), '42501',
  'CLASS-54 or takes a seat past the function');

select pg_temp.as_owner();
select results_eq($$select action from session_audit where session_id = pg_temp.id('class')
    and family = 'virtual_sessions' and action not like 'participant%' order by created_at$$,
  array['created', 'changed', 'changed', 'live'], 'CLASS-55 the trail has what was done, seats aside');
select is((select count(*) from session_audit where session_id = pg_temp.id('class')
    and action = 'participant_added' and actor_id = (details ->> 'user_id')::uuid), 5::bigint,
  'CLASS-56 and who registered, by themselves');

select * from finish();
rollback;
