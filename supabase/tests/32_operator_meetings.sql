-- Threat: client A sees client B's meetings, someone plans a meeting for others, or writes what only the service knows.
\ir support/people.psql
\ir support/meetings.psql
select plan(109);

create function pg_temp.plan_meeting(client text, operator text, changes jsonb default '{}') returns text
language sql as $$
  select pg_temp.attempt_insert('meetings', jsonb_build_object('client_id', pg_temp.id(client),
    'operator_id', pg_temp.id(operator), 'title', 'T', 'scheduled_at', '2030-06-01T10:00Z') || changes)
$$;
create function pg_temp.change(assignment text, meeting text default 'meeting') returns text language sql as $$
  select pg_temp.attempt(format('update meetings set %s where id = %L', assignment, pg_temp.id(meeting)))
$$;

-- Reading.
select results_eq('select title from meetings order by title', titles, 'OPER-01 the ' || actor || ' sees theirs')
  from (values ('operator', array['A', 'B']), ('other_operator', array['C']), ('client', array['A']),
    ('stranger', array['B']), ('other_client', array['C'])) as sees (actor, titles), lateral pg_temp.as_user(actor);
select pg_temp.as_user('client');
select is(pg_temp.visible($$meetings where id = pg_temp.id('second_meeting')$$), '0',
  'OPER-02 client A does not see client B''s by its id');
select is(pg_temp.visible($$meetings where client_id = pg_temp.id('second_record')$$), '0', 'OPER-03 or by B''s');
select is(pg_temp.visible($$meetings where operator_id = pg_temp.id('operator') and title = 'B'$$), '0',
  'OPER-04 or by their common operator''s');
select is(pg_temp.visible('meetings'), '0', 'OPER-05 ' || actor || ' sees none')
  from unnest(array['admin', 'patient', 'trainer', 'premium']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_anon();
select is(pg_temp.visible('meetings'), '42501', 'OPER-06 anon may not ask');
select pg_temp.as_user('operator');
select is(pg_temp.visible('clients'), '2', 'OPER-07 an operator sees their own clients');
select pg_temp.as_user('client');
select is(pg_temp.visible('clients'), '1', 'OPER-08 a client themself');
select pg_temp.as_user('admin');
select is(pg_temp.visible('clients'), '0', 'OPER-09 others nobody');

-- Planning. Twice: with our grants, and with those of @supabase/lite.
create function pg_temp.plans() returns setof text language sql as $$
  select pg_temp.plan_meeting(client, operator) from (values (1, 'record', 'operator'), (2, 'second_record',
    'operator'),
    (3, 'foreign_record', 'operator'), (4, 'foreign_record', 'other_operator'), (5, 'record', 'other_operator'),
    (6, 'loose_record', 'operator'), (7, 'nobody', 'operator')) as p (n, client, operator) order by n
$$;
create function pg_temp.made(variadic allowed integer[]) returns setof text language sql as $$
  select case when n = any (allowed) then '1 row' else '42501' end from generate_series(1, 7) as n order by n
$$;
create function pg_temp.plan_as(actor text, id text, variadic allowed integer[]) returns setof text
language plpgsql as $$
begin
  perform pg_temp.as_user(actor);
  return next results_eq('select * from pg_temp.plans()', array(select * from pg_temp.made(variadic allowed)),
    format('%s the %s plans meetings %s of seven', id, actor, allowed));
end
$$;
select pg_temp.plan_as('operator', 'OPER-10', 1, 2);
select pg_temp.plan_as('other_operator', 'OPER-11', 4);
select pg_temp.plan_as('client', 'OPER-12', 1);
select pg_temp.plan_as('other_client', 'OPER-13', 4);
select pg_temp.plan_as('patient', 'OPER-14', 0);
select pg_temp.plan_as('admin', 'OPER-15', 0);
select pg_temp.plan_as('trainer', 'OPER-16', 0);
select pg_temp.as_anon();
select is(pg_temp.plan_meeting('record', 'operator'), '42501', 'OPER-17 anon plans none');
select pg_temp.as_owner();
grant all on meetings, clients to anon, authenticated;
select pg_temp.plan_as('operator', 'OPER-18', 1, 2);
select pg_temp.plan_as('client', 'OPER-19', 1);
select pg_temp.plan_as('stranger', 'OPER-20', 2);
select pg_temp.plan_as('patient', 'OPER-21', 0);
select pg_temp.as_anon();
select is(pg_temp.plan_meeting('record', 'operator'), '42501', 'OPER-22 with table grants anon plans none either');
select is(pg_temp.visible('meetings'), '0', 'OPER-23 and sees none');
create function pg_temp.service_columns() returns table (name text, value text) language sql as $$
  values ('started_at', '2030-01-01'), ('ended_at', '2030-01-01'), ('duration_seconds', '1'), ('session_id', 's'),
    ('recording_url', 'https://x.example'), ('transcript_url', 'https://x.example')
$$;
select pg_temp.as_user('operator');
select is(pg_temp.plan_meeting('record', 'operator', jsonb_build_object(name, value)), '42501',
  'OPER-24 no meeting begins with ' || name) from pg_temp.service_columns();
select is(pg_temp.plan_meeting('record', 'operator', jsonb_build_object('status', status)), '42501',
  'OPER-25 or ' || status) from unnest(array['in_progress', 'completed', 'cancelled']) as status;
select is(pg_temp.plan_meeting('record', 'operator', changes), 'invalid_field',
  'OPER-26 or with ' || left(changes::text, 40))
  from (values ('{"title": ""}'::jsonb), (jsonb_build_object('title', repeat('x', 201))), ('{"title": null}'),
    (jsonb_build_object('description', repeat('x', 2001))), (jsonb_build_object('title', E'\u200b')),
    (jsonb_build_object('description', E'a\u202eb')), ('{"scheduled_at": null}'),
    ('{"scheduled_at": "infinity"}')) as refused (changes);
select is(pg_temp.plan_meeting('record', 'operator', '{"status": "scheduled", "description": "D"}'), '1 row',
  'OPER-27 saying that it is scheduled is fine');

-- Nobody makes someone a client, or their operator.
select is(pg_temp.attempt($$insert into clients (auth_user_id, operator_id)
    values (pg_temp.id('patient'), pg_temp.id('operator'))$$), '42501', 'OPER-28 an operator makes no client');
select is(pg_temp.attempt($$update clients set operator_id = pg_temp.id('operator')$$), '0 rows',
  'OPER-29 or takes one');
select pg_temp.as_owner();
create policy "an app's own" on clients for all to authenticated using (true) with check (true);
select pg_temp.as_user('patient');
select is(pg_temp.attempt($$update clients set operator_id = pg_temp.id('operator')
    where id = pg_temp.id('loose_record')$$),
  'column_frozen', 'OPER-30 whatever an app''s policies are, a client does not choose an operator');
select is(pg_temp.attempt($$insert into clients (auth_user_id, operator_id)
    values (pg_temp.id('patient'), pg_temp.id('operator'))$$), 'operator_frozen',
  'OPER-31 not with a new record either');
select is(pg_temp.visible('meetings'), '0', 'OPER-32 and sees no meeting of the clients that those policies show');
select is(pg_temp.plan_meeting('record', 'operator'), '42501', 'OPER-33 or plans one for them');
select pg_temp.as_user('operator');
select is(pg_temp.attempt($$update clients set operator_id = pg_temp.id('operator')
    where id = pg_temp.id('foreign_record')$$), 'column_frozen', 'OPER-34 an operator takes over no client');
select is(pg_temp.attempt($$insert into clients (operator_id) values (pg_temp.id('other_operator'))$$),
  'operator_frozen', 'OPER-35 or hands one on');
select is(pg_temp.attempt($$insert into clients (operator_id) values (pg_temp.id('operator'))$$), '1 row',
  'OPER-36 adding a client of their own is the app''s business');
select pg_temp.as_owner();
drop policy "an app's own" on clients;
-- The tries that were allowed.
delete from meetings where title = 'T';
select pg_temp.clear();

-- Changing, with those grants.
select pg_temp.as_user('operator');
select is(pg_temp.change($$title = 'A2', description = 'D'$$), '1 row', 'OPER-37 an operator changes what it is about');
select is(pg_temp.change($$title = ''$$), 'invalid_field', 'OPER-38 in range');
select is(pg_temp.change($$title = 'x'$$, 'foreign_meeting'), '0 rows', 'OPER-39 not another''s');
select is(pg_temp.change(format('%I = %L', name, value)), 'column_frozen', 'OPER-40 or ' || name)
  from pg_temp.service_columns();
select is(pg_temp.change(format('%I = %L', name, pg_temp.id(value))), 'column_frozen', 'OPER-41 or ' || name)
  from (values ('id', 'x'), ('client_id', 'second_record'), ('operator_id', 'other_operator')) as frozen (name, value);
select is(pg_temp.change($$created_at = '2020-01-01'$$), 'column_frozen', 'OPER-42 or created_at');
select is(pg_temp.attempt('delete from meetings'), '0 rows', 'OPER-43 and deletes none');
select is(pg_temp.change($$title = 'x'$$), '0 rows', 'OPER-44 the ' || actor || ' changes none')
  from unnest(array['client', 'other_operator', 'stranger', 'admin']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_user('client');
select is(pg_temp.change($$status = 'cancelled'$$), '0 rows', 'OPER-45 a client calls none off');
select is(pg_temp.attempt('delete from meetings'), '0 rows', 'OPER-46 and deletes none');
select pg_temp.as_anon();
select is(pg_temp.change($$title = 'x'$$), '0 rows', 'OPER-47 nor does anon');

-- Status.
select pg_temp.as_user('operator');
select is(pg_temp.change($$status = 'completed'$$), 'invalid_transition', 'OPER-48 nothing completes before its time');
select is(pg_temp.change($$status = 'in_progress'$$), '1 row', 'OPER-49 scheduled begins');
select ok((select started_at = now() and ended_at is null and duration_seconds is null from meetings
    where title = 'A2'),
  'OPER-50 and its start is set');
select is(pg_temp.change(format('status = %L', status)), 'invalid_transition', 'OPER-51 what began is not ' || status)
  from unnest(array['scheduled', 'cancelled']) as status;
select is(pg_temp.change($$scheduled_at = '2030-05-02T10:00Z'$$), 'invalid_transition', 'OPER-74 or moved');
select pg_temp.as_service();
select pg_temp.change($$started_at = now() - interval '90 seconds'$$);
select pg_temp.as_user('operator');
select is(pg_temp.change($$status = 'completed'$$), '1 row', 'OPER-52 it ends');
select ok((select ended_at = now() and duration_seconds = 90 from meetings where title = 'A2'),
  'OPER-53 and its end and length are set');
select is(pg_temp.change(format('status = %L', status)), 'invalid_transition', 'OPER-54 what ended is not ' || status)
  from unnest(array['scheduled', 'in_progress', 'cancelled']) as status;
select is(pg_temp.change($$status = 'cancelled'$$, 'second_meeting'), '1 row', 'OPER-55 scheduled is called off');
select pg_temp.as_service();
select is(pg_temp.change($$status = 'in_progress'$$, 'second_meeting'), 'invalid_transition',
  'OPER-56 and not begun, not even by the service');
select pg_temp.change($$status = 'in_progress', started_at = '2029-01-01T00:00Z', session_id = 's'$$,
    'foreign_meeting');
select pg_temp.change($$status = 'completed', ended_at = '2029-01-01T01:00Z', duration_seconds = 7$$,
    'foreign_meeting');
select results_eq($$select started_at, ended_at, duration_seconds, session_id from meetings where title = 'C'$$,
  $$values ('2029-01-01T00:00Z'::timestamptz, '2029-01-01T01:00Z'::timestamptz, 7, 's')$$,
  'OPER-57 whose times and lengths are taken as they are');

-- Who hears of it.
select pg_temp.as_user('client');
select is(pg_temp.told(), array['meeting_started'], 'OPER-58 the client hears of the start, and not of a new title');
select pg_temp.as_user('operator');
select is(pg_temp.told(), '{}', 'OPER-59 the operator not what they did');
select pg_temp.as_user('stranger');
select is(pg_temp.told(), array['meeting_cancelled'], 'OPER-60 the other client, that theirs was called off');
select pg_temp.as_user('other_operator');
select is(pg_temp.told(), '{}', 'OPER-73 an operator nothing of a start that the service made for them');
select pg_temp.as_user('stranger');
select pg_temp.clear();
insert into meetings (id, client_id, operator_id, title, scheduled_at) values (pg_temp.id('new'),
  pg_temp.id('second_record'), pg_temp.id('operator'), 'N', '2030-07-01T10:00Z');
select is(pg_temp.told(), '{}', 'OPER-61 nor a client what they planned');
select pg_temp.as_user('operator');
select is(pg_temp.told(), array['meeting_created'], 'OPER-62 which their operator hears');
select is((select body from notifications), 'N, 2030-07-01 10:00 (UTC)', 'OPER-63 what and when');
select pg_temp.change($$scheduled_at = scheduled_at, status = status$$, 'new');
select pg_temp.change($$scheduled_at = '2030-07-02T10:00Z'$$, 'new');
select pg_temp.as_service();
delete from meetings where id = pg_temp.id('new');
select pg_temp.as_user('stranger');
select is(pg_temp.told(), array['meeting_cancelled', 'meeting_rescheduled'],
  'OPER-64 the client, that it moved and went');
select pg_temp.as_user('other_client');
select is(pg_temp.told(), '{}', 'OPER-65 nobody else hears of any of it');

-- Overdue, and the trail.
select pg_temp.as_owner();
insert into meetings (id, client_id, operator_id, title, scheduled_at, status, started_at) values
  (pg_temp.id('missed'), pg_temp.id('record'), pg_temp.id('operator'), 'M', now() - interval '37 hours', 'scheduled',
    null),
  (pg_temp.id('left'), pg_temp.id('record'), pg_temp.id('operator'), 'L', now(), 'in_progress',
    now() - interval '37 hours');
select is(pg_temp.visible($$meetings where title in ('M', 'L')$$), '0',
    'OPER-66 the ' || actor || ' does not see an overdue meeting as open')
  from unnest(array['operator', 'client']) as actor, lateral pg_temp.as_user(actor);
select is(pg_temp.attempt('select private.sweep_meetings()'), '42501', 'OPER-67 nobody sweeps');
select pg_temp.as_service();
select private.sweep_meetings();
select pg_temp.as_user('client');
select results_eq($$select title, status, ended_at is null, duration_seconds from meetings where title in ('M', 'L')
    order by title$$, $$values ('L', 'completed', false, null::integer), ('M', 'completed', true, null)$$,
  'OPER-68 but the service, and how long they took is not made up');
select is(pg_temp.visible('session_audit'), '0', 'OPER-69 a client does not read the trail');
select pg_temp.as_user('operator');
select is((select array_agg(a.action order by a.created_at) from session_audit a
    where a.session_id = pg_temp.id('meeting')),
  array['created', 'changed', 'in_progress', 'changed', 'completed'], 'OPER-70 their operator does');
select is(pg_temp.visible($$session_audit where session_id = pg_temp.id('foreign_meeting')$$), '0',
  'OPER-71 and not another''s');
select pg_temp.as_owner();
delete from clients where id = pg_temp.id('record');
select is(pg_temp.visible($$meetings where title in ('A2', 'M', 'L')$$), '0',
  'OPER-72 meetings go with the client''s record');

select * from finish();
rollback;
