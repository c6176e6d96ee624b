-- Threat: someone finds the passcode of a meeting by trying, finds out which meetings there are, fills the table of tries, or
-- shuts another out.
\ir support/people.psql
\ir support/video_meetings.psql
select plan(76);
update video_meetings set scheduled_start = now() + interval '1 hour', scheduled_end = now() + interval '2 hours';

-- Whom the service tries for from here on.
create function pg_temp.caller(address text, person text default null) returns void language sql as $$
  select set_config('test.address', coalesce(address, ''), true),
    set_config('test.person', coalesce(pg_temp.id(person)::text, ''), true)
$$;
create function pg_temp.read(meeting_id text, passcode text) returns jsonb language sql as $$
  select public.read_video_meeting(meeting_id, nullif(current_setting('test.person'), '')::uuid,
    nullif(current_setting('test.address'), ''), passcode)
$$;
-- The status and code of a try, 'open' when it was right.
create function pg_temp.try(passcode text, meeting_id text default 'MID-AAAAAAAAAAAAAAAA') returns text
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('response.status', '', true), set_config('response.headers', '', true);
  answer := pg_temp.read(meeting_id, passcode);
  return case when answer ? 'code' then current_setting('response.status') || ' ' || (answer ->> 'code')
    when current_setting('response.status') = '' then 'open' else 'a status beside an answer' end;
exception when others then return sqlstate;
end
$$;
create function pg_temp.attempts(at text default 'MID-AAAAAAAAAAAAAAAA') returns bigint
language sql security definer as $$
  select count(*) from private.passcode_attempts a where a.meeting_id = at
$$;
create function pg_temp.age(by interval) returns void language sql security definer as $$
  update private.passcode_attempts set attempted_at = attempted_at - by
$$;
create function pg_temp.forget() returns void language sql security definer as $$
  delete from private.passcode_attempts
$$;

-- What a right passcode opens.
select pg_temp.as_service();
select pg_temp.caller('192.0.2.1');
select is(pg_temp.try('123456'), 'open', 'PASS-01 ID and passcode open a meeting');
select is((select jsonb_object_agg(key, case when key like 'scheduled%' then to_jsonb(value::text::timestamptz - now()) else value end)
    from jsonb_each(pg_temp.read('MID-AAAAAAAAAAAAAAAA', '123456'))), '{"meetingId": "MID-AAAAAAAAAAAAAAAA", "status": "pending",
    "scheduledStart": "01:00:00", "scheduledEnd": "02:00:00"}',
  'PASS-02 a guest learns when it is, and nobody''s name, no recording, no passcode');
select is(pg_temp.attempts(), 0::bigint, 'PASS-03 right tries do not count');

-- One caller, five wrong tries.
select is(pg_temp.try('000000'), '404 meeting_not_found', 'PASS-04 wrong try ' || n) from generate_series(1, 5) as n;
select is(pg_temp.try('000000'), '429 too_many_attempts', 'PASS-05 the sixth is not compared');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-06 nor is the right one');
select ok((current_setting('response.headers')::jsonb #>> '{0,Retry-After}')::integer between 890 and 900,
  'PASS-07 Retry-After says how long');
select is(pg_temp.attempts(), 5::bigint, 'PASS-08 what is refused is not counted, and does not prolong the wait');
select pg_temp.caller('192.0.2.2');
select is(pg_temp.try('123456'), 'open', 'PASS-09 another caller is not shut out');
select pg_temp.caller('192.0.2.1');
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), 'open', 'PASS-10 the other meeting is open');
select pg_temp.age('14 minutes 50 seconds');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-11 closed for a quarter of an hour');
select ok((current_setting('response.headers')::jsonb #>> '{0,Retry-After}')::integer between 1 and 10,
  'PASS-12 Retry-After counts down');
select pg_temp.age('10 seconds');
select is(pg_temp.try('123456'), 'open', 'PASS-13 and open after it');

-- Everyone together, twenty.
select pg_temp.forget();
select is((select string_agg(distinct pg_temp.try('000000'), ',') from generate_series(1, 20) as n,
    lateral pg_temp.caller('203.0.113.' || n)), '404 meeting_not_found',
  'PASS-14 twenty callers try once each');
select pg_temp.caller(null, 'stranger');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-15 the twenty-first is not compared, whoever it is');
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), 'open', 'PASS-16 the other meeting stays open');
select is(pg_temp.attempts(), 20::bigint, 'PASS-17 twenty were compared');
select pg_temp.as_user('tutor');
select is(pg_temp.visible($$video_meetings where passcode = '123456'$$), '1',
  'PASS-18 and the tutor reads their meeting');
select pg_temp.as_service();
select pg_temp.forget();
select pg_temp.caller(null);
select pg_temp.try('000000') from generate_series(1, 5) as n;
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-19 callers of whom nothing is known are one');

-- Nobody has longer to guess than from a day before it.
select pg_temp.as_owner();
create temporary table planned (id text, at text, opens boolean, begins interval, ends interval, status text);
insert into planned values ('DAYS', 'days before', false, '3 days', '74 hours', 'pending'),
  ('OVERADAY', 'a day and a minute before', false, '24 hours 1 minute', '25 hours', 'pending'),
  ('LATE', 'after its end', false, '-1 hour', '-1 second', 'active'),
  ('MISSED', 'when nobody came', false, '-1 hour', '-1 second', 'pending'),
  ('ENDED', 'when it was ended', false, '-1 hour', '1 hour', 'completed'),
  ('OFF', 'when it was cancelled', false, '1 hour', '2 hours', 'cancelled'),
  ('ADAY', 'a day before', true, '24 hours', '25 hours', 'pending'),
  ('NOW', 'while it goes on', true, '-1 hour', '1 minute', 'active');
update planned set id = 'MID-' || rpad(id, 16, '0');
grant select on planned to public;
insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end, status)
  select p.id, '111111', pg_temp.id('tutor'), pg_temp.id('student'), now() + p.begins, now() + p.ends, p.status from planned p;
select pg_temp.as_service();
select pg_temp.forget();
select is(pg_temp.read(id, '111111'), pg_temp.read('MID-AAAAAAAAAAAAAAAA', '000000'), 'PASS-45 the right one is a wrong one ' || at)
  from planned, lateral pg_temp.caller('203.0.113.' || length(at)) where not opens;
select is(pg_temp.attempts(id), 1::bigint, 'PASS-46 which counts, ' || at) from planned where not opens;
select is(pg_temp.try('111111', id), 'open', 'PASS-47 and opens ' || at) from planned where opens;
select pg_temp.caller('192.0.2.1');
select is((select string_agg(pg_temp.try('111111', id), ', ') from planned, generate_series(1, 6) where at = 'days before'),
  repeat('404 meeting_not_found, ', 5) || '429 too_many_attempts', 'PASS-48 five times, days before');

-- One caller, of all meetings, also of those that are none, sixty.
select pg_temp.forget();
select pg_temp.caller('192.0.2.1');
create function pg_temp.invented(n bigint) returns text language sql as $$ select 'MID-' || lpad(n::text, 16, '0') $$;
create function pg_temp.all_attempts() returns bigint language sql security definer as $$
  select count(*) from private.passcode_attempts
$$;
select is((select string_agg(distinct pg_temp.try('000000', pg_temp.invented(n)), ',') from generate_series(1, 60) as n),
  '404 meeting_not_found', 'PASS-37 a caller tries sixty IDs');
select is(pg_temp.try(passcode, id), '429 too_many_attempts', 'PASS-38 and no more, ' || id)
  from (values ('000000', pg_temp.invented(61)), ('000000', 'MID-AAAAAAAAAAAAAAAA'), ('123456', 'MID-AAAAAAAAAAAAAAAA'))
    as tries (passcode, id);
select ok((current_setting('response.headers')::jsonb #>> '{0,Retry-After}')::integer between 890 and 900,
  'PASS-39 for as long');
select is(pg_temp.all_attempts(), 60::bigint, 'PASS-40 which leaves no row');
select pg_temp.caller('192.0.2.2');
select is(pg_temp.try('123456'), 'open', 'PASS-41 another caller is not shut out');
select pg_temp.caller('192.0.2.1', 'stranger');
select is(pg_temp.try('123456'), 'open', 'PASS-42 nor a user at the same address');
select pg_temp.caller('192.0.2.1');
select pg_temp.age('14 minutes 50 seconds');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-43 for a quarter of an hour');
select pg_temp.age('10 seconds');
select is(pg_temp.try('123456'), 'open', 'PASS-44 and no longer');

-- An ID that is none.
select pg_temp.forget();
select pg_temp.caller('192.0.2.1');
select is(pg_temp.try('123456', 'MID-ZZZZZZZZZZZZZZZZ'), '404 meeting_not_found',
  'PASS-20 an unknown ID is not found ' || n)
  from generate_series(1, 5) as n;
select is(pg_temp.try('123456', 'MID-ZZZZZZZZZZZZZZZZ'), '429 too_many_attempts',
  'PASS-21 and closes like a known one');
select is(pg_temp.try('no meeting', 'MID-YYYYYYYYYYYYYYYY'), '404 meeting_not_found', 'PASS-22 no passcode opens it');
select is(pg_temp.attempts('MID-YYYYYYYYYYYYYYYY'), 1::bigint, 'PASS-23 or is a right one');
select is(pg_temp.read('MID-AAAAAAAAAAAAAAAA', '000000'), pg_temp.read('MID-XXXXXXXXXXXXXXXX', '123456'), 'PASS-24 one and the same answer for both');
select is(pg_temp.try('123456', id), '404 meeting_not_found',
  'PASS-25 malformed ID ' || coalesce(to_json(id)::text, 'null'))
  from unnest(array['', 'MID-aaaaaaaaaaaaaaaa', E'MID-AAAAAAAAAAAAAAAA\n', '%', null]) as id;
select is(pg_temp.try(''), '404 meeting_not_found', 'PASS-26 an empty passcode is a wrong one');
select is(pg_temp.attempts(), 2::bigint, 'PASS-27 and counts');
select is(pg_temp.try(null), '404 meeting_not_found', 'PASS-35 none at all opens nothing');
select is(pg_temp.attempts(), 2::bigint, 'PASS-36 and is no try');
select pg_temp.as_owner();
select is((select count(*) from private.passcode_attempts a where a.meeting_id !~ '^MID-[A-Z0-9]{16}$'), 0::bigint,
  'PASS-28 what cannot be an ID leaves no row');
update video_meetings set scheduled_start = now() - interval '37 hours', scheduled_end = now() - interval '36 hours'
  where id = pg_temp.id('foreign_meeting');
select pg_temp.as_service();
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), '404 meeting_not_found',
  'PASS-29 nor does an overdue one open');

-- Who can call it directly, can undo the count by a filter on the answer that fails when it is a refusal.
create function pg_temp.direct() returns setof text language sql as $$
  select pg_temp.attempt(statement) from unnest(array[
    $w$select read_video_meeting('MID-AAAAAAAAAAAAAAAA', null, 'x', '123456')$w$,
    $w$select join_video_meeting('MID-AAAAAAAAAAAAAAAA', null, 'x', '123456', 'guest', null, repeat('s', 32))$w$,
    $w$select private.open_video_meeting('MID-AAAAAAAAAAAAAAAA', null, 'x', '123456')$w$,
    $w$select private.answer_refusal(404, 'x', 'x')$w$,
    $w$select private.try_passcode('MID-AAAAAAAAAAAAAAAA', 'x', '123456')$w$,
    $w$select * from private.passcode_attempts$w$,
    $w$delete from private.passcode_attempts$w$,
    $w$select private.sweep_counts()$w$]) as statement
$$;
select results_eq('select * from pg_temp.direct()', $$select '42501' from generate_series(1, 8)$$,
    'PASS-30 the ' || actor || ' does not try past the functions')
  from unnest(array['stranger', 'tutor', 'student', 'admin']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_anon();
select results_eq('select * from pg_temp.direct()', $$select '42501' from generate_series(1, 8)$$,
  'PASS-31 nor does anon');
select pg_temp.as_owner();
select is_empty($$select p.oid::regprocedure from pg_proc p, unnest(array['anon', 'authenticated']) as client
    where p.pronamespace = 'public'::regnamespace and 'passcode' = any (p.proargnames)
      and has_function_privilege(client, p.oid, 'execute')$$, 'PASS-32 by no other function either');

select pg_temp.as_service();
select pg_temp.forget();
select pg_temp.caller('192.0.2.1');
select pg_temp.try('000000') from generate_series(1, 5) as n;
select pg_temp.age('14 minutes');
select private.sweep_counts();
select is(pg_temp.attempts(), 5::bigint, 'PASS-33 the sweep leaves what counts');
select pg_temp.age('2 minutes');
select private.sweep_counts();
select is(pg_temp.attempts(), 0::bigint, 'PASS-34 and deletes what does not');

select * from finish();
rollback;
