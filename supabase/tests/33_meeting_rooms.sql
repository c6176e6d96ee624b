-- Threat: somebody gets into a room that is not theirs, before their time or after its end; a meeting is started or ended
-- by whoever is not its operator; a room stays open.
\ir support/people.psql
\ir support/meetings.psql
select plan(106);

-- Joining.
select is(pg_temp.attempt_as(actor, format('select join_meeting(%L, true)', pg_temp.id('meeting'))), 'meeting_not_found',
    'ROOM-01 the ' || actor || ' has no such meeting')
  from unnest(array['other_client', 'other_operator', 'stranger', 'admin', 'trainer']) as actor;
select pg_temp.as_anon();
select is(pg_temp.attempt(format('select join_meeting(%L, true)', pg_temp.id('meeting'))), '42501',
  'ROOM-02 whoever is not signed in may not ask');
select pg_temp.as_service();
select is(pg_temp.attempt(format('select join_meeting(%L, true)', pg_temp.id('meeting'))), '42501',
  'ROOM-03 nor the service, which is nobody''s client');
select pg_temp.as_user('client');
select is(pg_temp.join(), 'waiting_for_operator', 'ROOM-04 a client waits for the operator');
select is(pg_temp.join(waits => false), 'too_early', 'ROOM-05 or, where clients do not wait, for the time');
select is((select session_id from meetings where id = pg_temp.id('meeting')), null, 'ROOM-06 and opens no room');
select pg_temp.plan('meeting', now() + interval '14 minutes');
select is(pg_temp.join(waits => false), 'client', 'ROOM-07 from 15 minutes before they may');
select is(pg_temp.meeting_status(), 'scheduled', 'ROOM-08 which starts nothing');
select is(pg_temp.join(), 'waiting_for_operator', 'ROOM-09 where they wait they still wait');

select pg_temp.plan('meeting', now() + interval '16 minutes');
select pg_temp.as_user('operator');
select is(pg_temp.join(), 'operator', 'ROOM-10 an operator who is early tries the room out');
select is(pg_temp.meeting_status(), 'scheduled', 'ROOM-11 which starts nothing');
select pg_temp.plan('meeting', now() + interval '15 minutes');
select pg_temp.clear();
select is(pg_temp.join(), 'operator', 'ROOM-12 from 15 minutes before');
select is(pg_temp.meeting_status(), 'in_progress', 'ROOM-13 their join is the start');
select is((select started_at from meetings where id = pg_temp.id('meeting')), now(), 'ROOM-14 with the time');
select isnt(pg_temp.room(), pg_temp.id('meeting')::text, 'ROOM-66 in a room whose name nobody chose');
select pg_temp.as_user('client');
select is(pg_temp.told(), array['meeting_started'], 'ROOM-15 of which the client hears');
select is(pg_temp.join(), 'client', 'ROOM-16 and gets in');
select is(pg_temp.meeting_call(format('join_meeting(%L, true)', pg_temp.id('meeting')), 'session_id'),
  pg_temp.room(), 'ROOM-17 into the same room');
select pg_temp.as_owner();
update profiles set full_name = 'Ana' where id = pg_temp.id('client');
select pg_temp.as_user('client');
select is(pg_temp.meeting_call(format('join_meeting(%L, true)', pg_temp.id('meeting')), 'name'), 'Ana',
  'ROOM-18 under their name');
select is((select count(*) from generate_series(1, 40) where pg_temp.join() = 'too_many_joins'), 14::bigint,
  'ROOM-19 thirty times in a minute');
select pg_temp.as_user('operator');
select is(pg_temp.join(), 'operator', 'ROOM-20 which is each person''s own limit');

-- A client of the operator's is not a party to another client's meeting.
select pg_temp.as_user('stranger');
select is(pg_temp.join('second_meeting', false), 'too_early', 'ROOM-21 a client has their own');
select is(pg_temp.join(), 'meeting_not_found', 'ROOM-22 and not the other''s');

-- Starting.
select is(pg_temp.meeting_call(format('%s(%L)', call, pg_temp.id('second_meeting'))), 'not_the_operator',
    'ROOM-23 a client does not ' || call)
  from unnest(array['open_meeting_room', 'start_meeting', 'end_meeting']) as call;
select pg_temp.as_user('other_operator');
select is(pg_temp.meeting_call(format('%s(%L)', call, pg_temp.id('second_meeting'))), 'meeting_not_found',
    'ROOM-24 another operator not even')
  from unnest(array['open_meeting_room', 'start_meeting', 'end_meeting']) as call;
select pg_temp.as_user('operator');
select is(pg_temp.meeting_call(format('end_meeting(%L)', pg_temp.id('second_meeting'))), 'invalid_transition',
  'ROOM-25 what is still to come is not ended');
select is(pg_temp.meeting_call(format('open_meeting_room(%L)', pg_temp.id('second_meeting')), 'session_id'),
  pg_temp.room('second_meeting'), 'ROOM-26 its room is opened');
select is(pg_temp.meeting_status('second_meeting'), 'scheduled', 'ROOM-27 before it starts');
select is(pg_temp.meeting_call(format('start_meeting(%L)', pg_temp.id('second_meeting'))), 'in_progress',
    'ROOM-28 it is started, once or twice')
  from generate_series(1, 2);
select is((select count(*) from session_audit where session_id = pg_temp.id('second_meeting')
  and action = 'in_progress'), 1::bigint, 'ROOM-29 which is one start');

-- Ending.
select is(pg_temp.closings(), '{}', 'ROOM-30 nothing is to be closed yet');
select pg_temp.as_owner();
update meetings set started_at = now() - interval '90 seconds' where id = pg_temp.id('meeting');
select pg_temp.as_user('operator');
create temporary table ended as
  select end_meeting(pg_temp.id('meeting')) as answer;
grant select on ended to public;
select is((select answer #>> '{meeting,status}' from ended), 'completed', 'ROOM-31 an operator ends it');
select is((select answer #>> '{meeting,duration_seconds}' from ended), '90', 'ROOM-32 with how long it took');
select is(pg_temp.closings(), array['pending', 'pending later'],
  'ROOM-33 its room is closed now, and again when old tokens are dead');
select isnt((select answer #>> '{effect,lease_id}' from ended), null, 'ROOM-34 the caller may do the first');
select is(pg_temp.meeting_call(format('end_meeting(%L)', pg_temp.id('meeting'))), 'completed', 'ROOM-35 twice');
select is((select end_meeting(pg_temp.id('meeting')) ->> 'effect'), null, 'ROOM-36 is the same as once');
select is(pg_temp.closings(), array['pending', 'pending later'], 'ROOM-37 with nothing more to close');
select pg_temp.as_service();
select settle_outbox(jsonb_build_array((select answer -> 'effect' from ended) || '{"outcome": "retry", "error": "x"}'));
select pg_temp.as_owner();
update private.outbox set available_at = now() where kind = 'openvidu.close_room' and error = 'x';
select pg_temp.as_user('operator');
select isnt((select end_meeting(pg_temp.id('meeting')) ->> 'effect'), null,
  'ROOM-38 unless the room could not be closed the first time');

select is((select end_meeting(pg_temp.id('meeting')) ->> 'closing'), 'true', 'ROOM-67 which is said until it is closed');
select pg_temp.as_owner();
update private.outbox set status = 'done', done_at = now() where available_at <= now();
select pg_temp.as_user('operator');
select is((select end_meeting(pg_temp.id('meeting')) ->> 'closing'), 'false',
  'ROOM-68 the second closing is nobody''s concern');

-- What is over.
select is(pg_temp.join(), 'meeting_closed', 'ROOM-39 nobody enters, the operator not');
select is(pg_temp.meeting_call(format('%s(%L)', call, pg_temp.id('meeting'))), 'meeting_closed',
    'ROOM-40 nor anything to ' || call)
  from unnest(array['open_meeting_room', 'start_meeting']) as call;
select pg_temp.as_user('client');
select is(pg_temp.join(waits => false), 'meeting_closed', 'ROOM-41 and a client not');
select pg_temp.as_user('other_operator');
select pg_temp.plan('foreign_meeting', now());
select pg_temp.join('foreign_meeting');
select is(pg_temp.attempt(format($$update meetings set status = 'completed' where id = %L$$,
  pg_temp.id('foreign_meeting'))), '1 row', 'ROOM-42 an app ends it in the table');
select is(pg_temp.closings('foreign_meeting'), array['pending', 'pending later'], 'ROOM-43 which closes the room too');

select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at, session_id) values
  (pg_temp.id('tried'), pg_temp.id('record'), pg_temp.id('operator'), 'T', '2030-01-01Z', pg_temp.id('tried')),
  (pg_temp.id('deleted'), pg_temp.id('record'), pg_temp.id('operator'), 'D', '2030-01-01Z', pg_temp.id('deleted')),
  (pg_temp.id('untouched'), pg_temp.id('record'), pg_temp.id('operator'), 'U', '2030-01-01Z', null),
  (pg_temp.id('overdue'), pg_temp.id('record'), pg_temp.id('operator'), 'O', now() - interval '37 hours', null);
select pg_temp.as_user('operator');
select is(pg_temp.join('overdue'), 'meeting_closed', 'ROOM-44 nor a meeting that is long past');
update meetings set status = 'cancelled' where id in (pg_temp.id('tried'), pg_temp.id('untouched'));
select is(pg_temp.closings('tried'), array['pending', 'pending later'],
  'ROOM-45 a cancelled meeting that was tried out loses its room');
select is(pg_temp.closings('untouched'), '{}', 'ROOM-46 one without a room has nothing to close');
select is(pg_temp.join('tried'), 'meeting_closed', 'ROOM-47 and nobody enters it');
select is(pg_temp.meeting_call(format('end_meeting(%L)', pg_temp.id('tried'))), 'invalid_transition',
  'ROOM-48 what was cancelled is not ended');
select pg_temp.as_owner();
delete from meetings where id = pg_temp.id('deleted');
select is(pg_temp.closings('deleted'), array['pending', 'pending later'], 'ROOM-49 a deleted meeting loses its room');

-- Planning by the function.
create function pg_temp.plan_with(record text, key text default null, title text default 'N',
  at timestamptz default '2030-07-01T10:00Z') returns text language sql as $$
  select pg_temp.meeting_call(format('create_meeting(%L, %L, null, %L, %L)', pg_temp.id(record), title, at, key),
    'title')
$$;
select pg_temp.clear();
select pg_temp.as_user('operator');
select is(pg_temp.plan_with('record', 'one'), 'N', 'ROOM-50 an operator plans with a client of theirs');
select is(pg_temp.plan_with('record', 'one'), 'N', 'ROOM-51 and again with the same key');
select is(pg_temp.visible($$meetings where title = 'N'$$), '1', 'ROOM-52 which is one meeting');
select is(pg_temp.plan_with('second_record', 'one'), 'idempotency_key_reused',
  'ROOM-53 the key is for that request alone');
select is(pg_temp.plan_with(record), 'client_not_found', 'ROOM-54 not with another''s')
  from unnest(array['foreign_record', 'loose_record', 'nobody']) as record;
select is(pg_temp.plan_with(null), 'client_not_found', 'ROOM-55 an operator has to say with whom');
select is(pg_temp.plan_with('record', null, title, at), 'invalid_field', 'ROOM-56 what cannot be is refused')
  from (values ('', '2030-01-01Z'::timestamptz), (null, '2030-01-01Z'), ('N', null), ('N', 'infinity'),
    ('N', '2099-01-01Z')) as odd (title, at);
select pg_temp.as_user('client');
select is(pg_temp.told(), array['meeting_created'], 'ROOM-57 the client hears of it');
select is(pg_temp.plan_with(null, null, 'Mine'), 'Mine',
  'ROOM-58 and plans one with their operator without saying who they are');
select is(pg_temp.plan_with('second_record'), 'client_not_found', 'ROOM-59 but none for another client');
select pg_temp.as_user('patient');
select is(pg_temp.plan_with(null), 'no_operator', 'ROOM-60 who has no operator plans none');
select pg_temp.as_user('trainer');
select is(pg_temp.plan_with(null), 'client_not_found', 'ROOM-61 who is nobody''s client neither');
select pg_temp.as_user('client');
select is((select count(*) from generate_series(1, 30) where pg_temp.plan_with(null) = 'too_many_meetings') > 0, true,
  'ROOM-62 nor anybody without end');
select pg_temp.as_owner();
delete from meetings where title = 'N';
select pg_temp.as_user('operator');
select is(pg_temp.plan_with('record', 'one'), 'idempotency_key_spent', 'ROOM-66 a key does not bring a meeting back');
select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at)
  select resource_id, pg_temp.id('foreign_record'), pg_temp.id('other_operator'), 'Not yours', '2030-06-01T10:00Z'
  from private.idempotency_keys where key = 'one';
select pg_temp.as_user('operator');
select is(pg_temp.plan_with('record', 'one'), 'idempotency_key_spent', 'ROOM-81 or show what another operator put in its place');

create function pg_temp.change(assignments text, meeting text) returns text language sql as $$
  select pg_temp.attempt(format('update meetings set %s where id = %L', assignments, pg_temp.id(meeting)))
$$;

-- Another operator.
select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at, status, started_at, session_id) values
  (pg_temp.id('last'), pg_temp.id('record'), pg_temp.id('operator'), 'L', now(), 'in_progress', now(), pg_temp.id('last'));
update clients set operator_id = pg_temp.id('other_operator') where id = pg_temp.id('record');
select is(pg_temp.attempt_as(actor, format('select join_meeting(%L, false)', pg_temp.id('last'))), answer,
    'ROOM-63 a client who got another operator is not with the former: ' || actor)
  from (values ('operator', 'operator_changed'), ('client', 'operator_changed'), ('other_operator', 'meeting_not_found'))
    as joining (actor, answer);
select pg_temp.as_user('operator');
select is(pg_temp.meeting_call(format('start_meeting(%L)', pg_temp.id('last'))), 'operator_changed',
  'ROOM-64 nothing is started any more');
select is(pg_temp.meeting_call(format('end_meeting(%L)', pg_temp.id('last'))), 'completed', 'ROOM-65 but ended');

-- A former operator, in the table.
select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at)
  values (pg_temp.id('former'), pg_temp.id('record'), pg_temp.id('operator'), 'F', '2030-01-01Z');
select pg_temp.as_user('operator');
select is(pg_temp.change(change, 'former'), 'operator_changed', 'ROOM-70 a former operator does not set ' || change)
  from unnest(array[$$title = 'Call me'$$, $$scheduled_at = '2030-01-02Z'$$, $$status = 'in_progress'$$,
    $$title = 'Call me', status = 'cancelled'$$]) as change;
select is(pg_temp.change($$status = 'cancelled'$$, 'former'), '1 row', 'ROOM-71 but calls the meeting off');

-- Sent out.
select pg_temp.as_owner();
update clients set operator_id = pg_temp.id('operator') where id = pg_temp.id('record');
insert into meetings (id, client_id, operator_id, title, scheduled_at)
  values (pg_temp.id('heated'), pg_temp.id('record'), pg_temp.id('operator'), 'H', now());
select is(pg_temp.attempt_as(actor, format('select %s(%L)', call, pg_temp.id('heated'))), answer,
    'ROOM-72 the ' || actor || ' does not ' || call)
  from (values ('client', 'not_the_operator'), ('other_operator', 'meeting_not_found')) as denied (actor, answer),
    unnest(array['remove_from_meeting', 'readmit_to_meeting']) as call;
select pg_temp.as_user('operator');
select pg_temp.join('heated');
select is(pg_temp.meeting_call(format('remove_from_meeting(%L)', pg_temp.id('heated'))), 'removed',
  'ROOM-73 an operator sends the client out');
select is(pg_temp.join('heated'), 'operator', 'ROOM-74 and stays');
select pg_temp.as_user('client');
select is(pg_temp.join('heated', waits), 'removed', 'ROOM-75 who does not come back')
  from unnest(array[true, false]) as waits;
select pg_temp.as_user('operator');
select is(pg_temp.meeting_call(format('readmit_to_meeting(%L)', pg_temp.id('heated'))), 'readmitted',
  'ROOM-76 until readmitted');
select pg_temp.as_user('client');
select is(pg_temp.join('heated'), 'client', 'ROOM-77 then they do');

-- An operator who came early and stayed.
select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at, session_id) values
  (pg_temp.id('early'), pg_temp.id('record'), pg_temp.id('operator'), 'E', now() + interval '16 minutes', 'early');
insert into meeting_attendance (meeting_id, connection_id, user_id, joined_at)
  values (pg_temp.id('early'), 'one', pg_temp.id('operator'), now());
select pg_temp.as_user('client');
select is(pg_temp.join('early'), 'waiting_for_operator', 'ROOM-78 before its time a client waits');
select pg_temp.plan('early', now() + interval '15 minutes');
select is(pg_temp.join('early'), 'client', 'ROOM-79 then not for who is there already');
select is(pg_temp.meeting_status('early'), 'in_progress', 'ROOM-80 and the meeting begins');

select * from finish();
rollback;
