-- Threat: by the functions of group sessions, someone makes one without the right to, or has its room where they like; gets
-- into the room without a seat, before its time or after it; or starts and ends what is not theirs.
\ir support/people.psql
\ir support/virtual_sessions.psql
\ir support/calls.psql
select plan(141);

create function pg_temp.create(creator text, request jsonb default '{}', key text default null,
  pick text default 'session.title', base text default 'https://jitsi.example/', guarded boolean default false) returns text language sql as $$
  select pg_temp.call(format('create_virtual_session(%L, %L, %L, %L, %L)', pg_temp.id(creator),
    '{"title": "New", "tutor_name": "T", "scheduled_time": "2030-06-01T10:00:00Z"}'::jsonb || request, base, guarded, key), pick)
$$;
create function pg_temp.join(class text default 'class', pick text default 'role') returns text language sql as $$
  select pg_temp.call(format('join_virtual_session(%L)', pg_temp.id(class)), pick)
$$;
create function pg_temp.change(action text, class text default 'class', pick text default 'session.status') returns text
language sql as $$ select pg_temp.call(format('change_virtual_session(%L, %L)', pg_temp.id(class), action), pick) $$;
create function pg_temp.plan_at(class text, begins timestamptz) returns void language sql security definer as $$
  update public.virtual_sessions s set scheduled_time = begins where s.id = pg_temp.id(class)
$$;
create function pg_temp.status_of(class text) returns text language sql security definer as $$
  select s.status from public.virtual_sessions s where s.id = pg_temp.id(class)
$$;

-- Making one: the service, for the user of a token.
select pg_temp.as_anon();
select is(pg_temp.create('tutor'), '42501', 'VSF-01 anon makes no session');
select is(pg_temp.create(name), '42501', 'VSF-02 nor does a ' || name || ', who would choose where its room is')
  from unnest(array['tutor', 'premium', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_service();
select is(pg_temp.create(name), 'not_a_host 403', 'VSF-03 nobody does for ' || name)
  from unnest(array['student', 'stranger', 'admin', 'trainer', 'therapist', 'operator', 'nobody']) as name;
select is(pg_temp.create(null), 'not_a_host 403', 'VSF-04 or for no one');
select is(pg_temp.create(name), 'New', 'VSF-05 but for a ' || name) from unnest(array['tutor', 'premium']) as name;
select is(pg_temp.create('stranger'), 'not_a_host 403', 'VSF-06 and not for whoever comes after them');
create temporary table made as
  select create_virtual_session(pg_temp.id('tutor'), jsonb_build_object('title', 'Made', 'tutor_name', 'T',
    'scheduled_time', '2030-06-01T10:00:00Z', 'id', pg_temp.id('chosen'), 'creator_id', pg_temp.id('other_tutor'),
    'status', 'live', 'registered_users', array[pg_temp.id('stranger')], 'meeting_url', 'https://evil.example'),
    'https://jitsi.example/', true, null) -> 'session' as session;
grant select on made to public;
select results_eq($$select (session ->> 'creator_id')::uuid, session ->> 'status', (session ->> 'duration_minutes')::integer,
    (session ->> 'max_attendees')::integer, session -> 'registered_users', (session ->> 'id')::uuid = pg_temp.id('chosen') from made$$,
  $$values (pg_temp.id('tutor'), 'upcoming', 60, 50, '[]'::jsonb, false)$$, 'VSF-07 what is not to be chosen is not');
select results_eq($$select meeting_url = 'https://jitsi.example/' || meeting_room_id, is_guarded from virtual_session_rooms
    where session_id = (select (session ->> 'id')::uuid from made)$$, $$values (true, true)$$,
  'VSF-08 its room is where, and guarded as, the functions say');
select is_empty($$select from made m, virtual_session_rooms r where m.session::text like '%' || r.meeting_room_id || '%'$$,
  'VSF-09 and is not in the answer');
select is((select actor_id from session_audit where session_id = (select (session ->> 'id')::uuid from made)
  and action = 'created'), pg_temp.id('tutor'), 'VSF-10 the trail knows who made it');
select is(pg_temp.create('tutor', request), refusal, 'VSF-11 refused: ' || left(request::text, 60)) from (values
  ('{"title": ""}'::jsonb, 'invalid_field 422 title'), ('{"title": null}', 'invalid_field 422 title'),
  ('{"tutor_name": null}', 'invalid_field 422 tutor_name'),
  ('{"scheduled_time": null}', 'invalid_field 422 scheduled_time'),
  ('{"scheduled_time": "infinity"}', 'invalid_field 422 scheduled_time'),
  ('{"duration_minutes": 0}', 'invalid_field 422 duration_minutes'),
  ('{"duration_minutes": 1441}', 'invalid_field 422 duration_minutes'),
  ('{"max_attendees": 0}', 'invalid_field 422 max_attendees'),
  ('{"max_attendees": 1001}', 'invalid_field 422 max_attendees')) as refused (request, refusal);

-- Its key.
select pg_temp.create('tutor', '{}', 'one', 'session.id') as first_id \gset
select is(pg_temp.create('tutor', '{}', 'one', 'session.id'), :'first_id', 'VSF-12 a key makes one session');
select is(pg_temp.create('tutor', '{}', 'one', 'session.id', 'https://other.example/'), :'first_id',
  'VSF-13 wherever rooms are by then');
select is(pg_temp.create('tutor', '{"max_attendees": 51}', 'one'), 'idempotency_key_reused 422 Idempotency-Key',
  'VSF-14 of one request');
select is(pg_temp.create('tutor', '{}', key), 'invalid_field 422 Idempotency-Key', 'VSF-15 and has 1 to 255 characters')
  from unnest(array['', repeat('k', 256)]) as key;
select isnt(pg_temp.create('premium', '{}', 'one', 'session.id'), :'first_id', 'VSF-16 another''s key is another key');
delete from virtual_sessions where id = :'first_id';
select is(pg_temp.create('tutor', '{}', 'one'), 'idempotency_key_spent 409',
  'VSF-17 a deleted one does not come back by its key');
insert into virtual_sessions (id, creator_id, title, tutor_name, scheduled_time)
  values (:'first_id', pg_temp.id('other_tutor'), 'Not yours', 'T', now());
select is(pg_temp.create('tutor', '{}', 'one'), 'idempotency_key_spent 409',
  'VSF-76 nor does it show what another creator put in its place');
select pg_temp.as_owner();
update profiles set is_premium = false where id = pg_temp.id('premium');
select pg_temp.as_service();
select is(pg_temp.create('premium', '{}', 'one'), 'not_a_host 403', 'VSF-18 nor does anything once the plan has ended');

-- Fifty within an hour.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.create('tutor'), ' ') from generate_series(1, 50)), 'New',
  'VSF-19 fifty sessions');
select is(pg_temp.create('tutor', '{}', 'three'), 'too_many_sessions 429', 'VSF-20 and no more');
select is(pg_temp.retry_after() between 3590 and 3600, true, 'VSF-21 within an hour');
select is(pg_temp.create('other_tutor'), 'New', 'VSF-22 another is not concerned');
select pg_temp.rest();
select is(pg_temp.create('tutor', '{}', 'three'), 'New',
  'VSF-23 nor they, an hour later, with the key of what was refused');
select pg_temp.as_owner();
delete from virtual_sessions where title in ('New', 'Made');
select pg_temp.clear();

-- The room, too early.
select pg_temp.as_anon();
select is(pg_temp.join(), '42501', 'VSF-24 anon does not join');
select pg_temp.as_service();
select is(pg_temp.join(), '42501', 'VSF-25 nor does the service');
select pg_temp.plan_at('class', now() + interval '3 days');
select is(pg_temp.join(), 'too_early 409', format('VSF-26 days before, the %s does not', name))
  from unnest(array['tutor', 'student', 'patient']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.retry_after(), 86400, 'VSF-27 and may ask again after a day');
select pg_temp.plan_at('class', now() + interval '11 minutes');
select is(pg_temp.join(), 'too_early 409', format('VSF-28 eleven minutes before, neither, as %s', name))
  from unnest(array['tutor', 'student']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.retry_after(), 60, 'VSF-29 and may ask again after one');
select is(pg_temp.join('cancelled_class'), 'session_closed 409', 'VSF-30 what is off is closed to the ' || name)
  from unnest(array['tutor', 'student']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.join('done_class'), 'session_closed 409', 'VSF-31 as is what is over, to the ' || name)
  from unnest(array['tutor', 'student']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.join('over_class'), 'session_closed 409', 'VSF-32 or whose time is over, to the ' || name)
  from unnest(array['tutor', 'student']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_user('student');
select is(pg_temp.join('overdue_class'), 'session_not_found 404', 'VSF-33 or long over');
select is(pg_temp.join('nowhere'), 'session_not_found 404', 'VSF-34 and what there is not');
select is(pg_temp.join('foreign_class'), 'not_registered 403', 'VSF-35 what is another''s says no more to a student');
select pg_temp.as_user('tutor');
select is(pg_temp.join('foreign_class'), 'not_registered 403', 'VSF-36 or a tutor');

-- In time.
select pg_temp.plan_at('class', now() + interval '10 minutes');
select is(pg_temp.join(), outcome,
    'VSF-37 in time: ' || name) from (values ('tutor', 'host'), ('student', 'participant'),
    ('patient', 'participant'), ('other_student', 'not_registered 403'), ('stranger', 'not_registered 403'),
    ('client', 'removed 403'), ('other_tutor', 'not_registered 403'), ('premium', 'not_registered 403'),
    ('admin', 'not_registered 403')) as people (name, outcome), lateral pg_temp.as_user(name);
select is(pg_temp.join('done_class'), 'session_not_found 404', 'VSF-38 to them what is over is nothing: ' || name)
  from unnest(array['other_student', 'client', 'other_tutor', 'premium', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.status_of('class'), 'upcoming', 'VSF-39 to join starts nothing');
select pg_temp.as_user('student');
select is(pg_temp.join('class', ''), 'ends_at is_guarded meeting_room_id meeting_url name role',
  'VSF-40 they learn where it is');
select is(pg_temp.join('class', 'meeting_room_id'), (select meeting_room_id from virtual_session_rooms
  where session_id = pg_temp.id('class')), 'VSF-41 which is in its room');
select is(pg_temp.join('class', 'ends_at')::timestamptz, now() + interval '70 minutes', 'VSF-42 and until when');
select is(pg_temp.join('live_class'), 'participant', 'VSF-43 also of what is live');
select pg_temp.plan_at('live_class', now() - interval '2 hours');
select is(pg_temp.join('live_class'), 'participant', 'VSF-44 though it takes longer than planned');
select is(pg_temp.join('live_class', 'ends_at')::timestamptz, now() - interval '1 hour',
  'VSF-45 whose planned end does not slide with each join');
select pg_temp.plan_at('live_class', now() - interval '37 hours');
select is(pg_temp.join('live_class'), 'session_not_found 404', 'VSF-46 but not for ever');
select pg_temp.as_user('tutor');
select is(pg_temp.join('live_class'), 'session_closed 409', 'VSF-47 to its creator neither');
select pg_temp.plan_at('live_class', now());

-- Losing the seat, and getting one.
select pg_temp.plan_at('class', now() + interval '11 minutes');
select pg_temp.as_user('student');
select pg_temp.seat('unregister_from', 'class');
select pg_temp.plan_at('class', now() + interval '10 minutes');
select is(pg_temp.join(), 'not_registered 403', 'VSF-48 who gave the seat back does not join');
select pg_temp.as_user('other_student');
select is(pg_temp.join(), 'participant', 'VSF-49 who moved up does');
create temporary table old_room as select pg_temp.join('class', 'meeting_room_id') as id;
grant select on old_room to public;
select pg_temp.as_user('tutor');
select pg_temp.seat('remove_from', 'class', 'other_student');
select pg_temp.as_user('other_student');
select is(pg_temp.join(), 'removed 403', 'VSF-50 who was removed does not');
select pg_temp.as_user('patient');
select isnt(pg_temp.join('class', 'meeting_room_id'), (select id from old_room),
  'VSF-51 nor do they know where the others are');
select pg_temp.as_owner();
select is((select meeting_url from virtual_session_rooms where session_id = pg_temp.id('class')),
  'https://meet.jit.si/' || (select meeting_room_id from virtual_session_rooms where session_id = pg_temp.id('class')),
  'VSF-52 the new room is where the old one was');
update profiles set is_premium = true, full_name = 'Pat' where id = pg_temp.id('patient');
select pg_temp.as_user('patient');
select is(pg_temp.join('class', 'name'), 'Pat', 'VSF-53 they join under their name');

-- Thirty times in ten minutes, each.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.join(), ' ') from generate_series(1, 30)), 'participant',
  'VSF-54 one joins thirty times');
select is(pg_temp.join(), 'too_many_joins 429', 'VSF-55 and no more');
select is(pg_temp.retry_after() between 590 and 600, true, 'VSF-56 within ten minutes');
select is(pg_temp.join('class', 'role'), 'host', 'VSF-57 which concerns no one else')
  from pg_temp.as_user('tutor');
select pg_temp.rest();
select pg_temp.as_user('patient');
select is(pg_temp.join(), 'participant', 'VSF-58 nor them after that');

-- Starting and ending.
select pg_temp.as_anon();
select is(pg_temp.change('start'), '42501', 'VSF-59 anon starts nothing');
select pg_temp.as_service();
select is(pg_temp.change('start'), '42501', 'VSF-60 nor does the service');
select is(pg_temp.change(action), 'session_not_found 404', format('VSF-61 nor does %s (%s)', name, action))
  from unnest(array['student', 'patient', 'stranger', 'client', 'other_tutor', 'premium', 'admin']) as name,
    lateral pg_temp.as_user(name), lateral (values ('start'), ('cancel'), ('nonsense')) as actions (action);
select pg_temp.as_user('tutor');
select is(pg_temp.change('cancel', class), 'session_not_found 404', 'VSF-62 nor a tutor what is not theirs: ' || class)
  from unnest(array['foreign_class', 'nowhere']) as class;
select is(pg_temp.change(action), 'invalid_field 422 action', 'VSF-63 there is no ' || coalesce(action, 'null'))
  from unnest(array['nonsense', '', 'live', null]) as action;
select is(pg_temp.change('complete'), 'invalid_transition 409', 'VSF-64 what has not begun does not end');
select pg_temp.clear();
select is(pg_temp.change('start'), 'live',
  'VSF-65 its creator starts it, ' || n) from unnest(array['once', 'twice']) as n;
select pg_temp.plan_at('class', now() + interval '3 days');
select pg_temp.clear();
select is(pg_temp.join(), 'participant', 'VSF-66 then those with a seat get in, whatever was planned')
  from pg_temp.as_user('patient');
select is(pg_temp.join(), 'not_registered 403', 'VSF-67 and nobody else') from pg_temp.as_user('student');
select pg_temp.as_user('tutor');
select is(pg_temp.change('cancel'), 'invalid_transition 409', 'VSF-68 what goes on is not cancelled');
select is(pg_temp.change('complete'), 'completed',
  'VSF-69 but completed, ' || n) from unnest(array['once', 'twice']) as n;
select is(pg_temp.change('start'), 'invalid_transition 409', 'VSF-70 and does not begin again');
select is(pg_temp.join(), 'session_closed 409', 'VSF-71 nobody gets in any more: ' || name)
  from unnest(array['patient', 'tutor']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_user('student');
select pg_temp.seat('register_for', 'foreign_class');
select pg_temp.as_user('other_tutor');
select is(pg_temp.change('cancel', 'foreign_class'), 'cancelled', 'VSF-72 a creator cancels, ' || n)
  from unnest(array['once', 'twice']) as n;
select is(pg_temp.change('start', 'foreign_class'), 'invalid_transition 409', 'VSF-73 and does not start it after all');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['virtual_session_cancelled'], 'VSF-74 of which those with a seat hear, once');
select is((select count(*) from session_audit where session_id = pg_temp.id('foreign_class')
  and actor_id = pg_temp.id('other_tutor') and action = 'cancelled'), 1::bigint, 'VSF-75 and the trail knows')
  from pg_temp.as_user('other_tutor');

select * from finish();
rollback;
