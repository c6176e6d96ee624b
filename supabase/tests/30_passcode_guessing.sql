-- Threat: someone finds the passcode of a meeting by trying, finds out which meetings there are, or shuts another out.
\ir support/people.psql
\ir support/video_meetings.psql
select plan(55);

create function pg_temp.from_address(address text) returns void language sql as $$
  select set_config('request.headers', json_build_object('cf-connecting-ip', address)::text, true)
$$;
-- The status and code of a try, 'open' when it was right.
create function pg_temp.try(passcode text, meeting_id text default 'MID-AAAAAAAAAAAAAAAA') returns text
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('response.status', '', true), set_config('response.headers', '', true);
  answer := public.video_meeting_by_passcode(meeting_id, passcode);
  return case when answer ? 'code' then current_setting('response.status') || ' ' || (answer ->> 'code')
    when current_setting('response.status') = '' then 'open' else 'a status beside an answer' end;
exception when others then return sqlstate;
end
$$;
create function pg_temp.attempts(at text default 'MID-AAAAAAAAAAAAAAAA') returns bigint language sql security definer as $$
  select count(*) from private.passcode_attempts a where a.meeting_id = at
$$;
create function pg_temp.age(by interval) returns void language sql security definer as $$
  update private.passcode_attempts set attempted_at = attempted_at - by
$$;
create function pg_temp.forget() returns void language sql security definer as $$
  delete from private.passcode_attempts
$$;

-- What a right passcode opens.
select pg_temp.as_anon();
select pg_temp.from_address('192.0.2.1');
select is(pg_temp.try('123456'), 'open', 'PASS-01 ID and passcode open a meeting without an account');
select is(video_meeting_by_passcode('MID-AAAAAAAAAAAAAAAA', '123456'), '{"meeting_id": "MID-AAAAAAAAAAAAAAAA",
    "status": "pending", "scheduled_start": "2030-05-01T10:00:00+00:00", "scheduled_end": "2030-05-01T11:00:00+00:00"}',
  'PASS-02 a guest learns when it is, and nobody''s name, no recording, no passcode');
select is(pg_temp.attempts(), 0::bigint, 'PASS-03 right tries do not count');

-- One caller, five wrong tries.
select is(pg_temp.try('000000'), '404 meeting_not_found', 'PASS-04 wrong try ' || n) from generate_series(1, 5) as n;
select is(pg_temp.try('000000'), '429 too_many_attempts', 'PASS-05 the sixth is not compared');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-06 nor is the right one');
select ok((current_setting('response.headers')::jsonb #>> '{0,Retry-After}')::integer between 890 and 900,
  'PASS-07 Retry-After says how long');
select is(pg_temp.attempts(), 5::bigint, 'PASS-08 what is refused is not counted, and does not prolong the wait');
select pg_temp.from_address('192.0.2.2');
select is(pg_temp.try('123456'), 'open', 'PASS-09 another address is not shut out');
select pg_temp.as_user('stranger');
select is(pg_temp.try('123456'), 'open', 'PASS-10 nor someone signed in');
select pg_temp.from_address('192.0.2.1');
select is(pg_temp.try('123456'), 'open', 'PASS-11 from the same address either');
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), 'open', 'PASS-12 the other meeting is open');
select pg_temp.as_anon();
select pg_temp.age('14 minutes 50 seconds');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-13 closed for a quarter of an hour');
select ok((current_setting('response.headers')::jsonb #>> '{0,Retry-After}')::integer between 1 and 10,
  'PASS-14 Retry-After counts down');
select pg_temp.age('10 seconds');
select is(pg_temp.try('123456'), 'open', 'PASS-15 and open after it');

-- A user is counted as such, wherever they are.
select pg_temp.forget();
select pg_temp.as_user('stranger');
select pg_temp.try('000000') from generate_series(1, 5) as n, lateral pg_temp.from_address('198.51.100.' || n);
select pg_temp.from_address('198.51.100.99');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-16 a user gains nothing by another address');
select pg_temp.as_anon();
select pg_temp.from_address('user ' || pg_temp.id('student'));
select pg_temp.try('000000') from generate_series(1, 5) as n;
select pg_temp.as_user('student');
select is(pg_temp.try('123456'), 'open', 'PASS-17 nobody uses up another user''s tries by calling themself that');

-- Everyone together, twenty.
select pg_temp.forget();
select pg_temp.as_anon();
select is((select string_agg(distinct pg_temp.try('000000'), ',') from generate_series(1, 20) as n,
    lateral pg_temp.from_address('203.0.113.' || n)), '404 meeting_not_found', 'PASS-18 twenty callers try once each');
select pg_temp.from_address('203.0.113.99');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-19 the twenty-first is not compared');
select pg_temp.as_user('tutor');
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-20 whoever it is');
select is(pg_temp.visible($$video_meetings where passcode = '123456'$$), '1', 'PASS-21 but the tutor reads their meeting');
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), 'open', 'PASS-22 and the other meeting stays open');
select is(pg_temp.attempts(), 20::bigint, 'PASS-23 twenty were compared');

-- How the address is found.
select pg_temp.forget();
select pg_temp.as_anon();
select pg_temp.try('000000') from generate_series(1, 5) as n,
  lateral set_config('request.headers', json_build_object('x-forwarded-for', n || '.0.0.1, 192.0.2.7')::text, true);
select is(pg_temp.try('123456'), '429 too_many_attempts',
  'PASS-24 what the caller says in x-forwarded-for does not count, the last hop does');
select pg_temp.forget();
select set_config('request.headers', '', true);
select pg_temp.try('000000') from generate_series(1, 5) as n;
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-25 callers without an address are one');

-- An ID that is none.
select pg_temp.forget();
select pg_temp.from_address('192.0.2.1');
select is(pg_temp.try('123456', 'MID-ZZZZZZZZZZZZZZZZ'), '404 meeting_not_found', 'PASS-26 an unknown ID is not found ' || n)
  from generate_series(1, 5) as n;
select is(pg_temp.try('123456', 'MID-ZZZZZZZZZZZZZZZZ'), '429 too_many_attempts', 'PASS-27 and closes like a known one');
select is(pg_temp.try('no meeting', 'MID-YYYYYYYYYYYYYYYY'), '404 meeting_not_found', 'PASS-28 no passcode opens it');
select is(pg_temp.attempts('MID-YYYYYYYYYYYYYYYY'), 1::bigint, 'PASS-43 or is a right one');
select is(video_meeting_by_passcode('MID-AAAAAAAAAAAAAAAA', '000000'),
  video_meeting_by_passcode('MID-XXXXXXXXXXXXXXXX', '123456'), 'PASS-29 one and the same answer for both');
select is(pg_temp.try('123456', id), '404 meeting_not_found', 'PASS-30 malformed ID ' || coalesce(to_json(id)::text, 'null'))
  from unnest(array['', 'MID-aaaaaaaaaaaaaaaa', E'MID-AAAAAAAAAAAAAAAA\n', '%', null]) as id;
select is(pg_temp.try(null), '404 meeting_not_found', 'PASS-31 no passcode at all is a wrong one');
select is(pg_temp.attempts(), 2::bigint, 'PASS-32 and counts');
select pg_temp.as_owner();
select is((select count(*) from private.passcode_attempts a where a.meeting_id !~ '^MID-[A-Z0-9]{16}$'), 0::bigint,
  'PASS-33 what cannot be an ID leaves no row');
update video_meetings set scheduled_start = now() - interval '37 hours', scheduled_end = now() - interval '36 hours'
  where id = pg_temp.id('foreign_meeting');
select pg_temp.as_anon();
select is(pg_temp.try('654321', 'MID-BBBBBBBBBBBBBBBB'), '404 meeting_not_found', 'PASS-34 nor does an overdue one open');

-- The functions' way counts too, and is closed to others.
select pg_temp.forget();
select pg_temp.as_service();
create function pg_temp.served(passcode text) returns text language sql as $$
  select public.service_video_meeting_by_passcode('MID-AAAAAAAAAAAAAAAA', passcode, 'address 192.0.2.1') ->> 'code'
$$;
select is(pg_temp.served('123456'), null, 'PASS-35 the service opens a meeting for someone');
select pg_temp.served('000000') from generate_series(1, 5);
select is(pg_temp.served('123456'), 'too_many_attempts', 'PASS-36 within their limit');
select pg_temp.as_anon();
select is(pg_temp.try('123456'), '429 too_many_attempts', 'PASS-37 which is the one of the direct way');
select is(pg_temp.attempt($$select service_video_meeting_by_passcode('MID-AAAAAAAAAAAAAAAA', '1', 'x')$$), '42501',
  'PASS-38 nobody else names a caller');
select is(pg_temp.attempt($$select private.try_passcode('MID-AAAAAAAAAAAAAAAA', 'x', '1')$$), '42501',
  'PASS-39 by any way');
select pg_temp.as_user('tutor');
select is(pg_temp.attempt('delete from private.passcode_attempts'), '42501', 'PASS-40 nobody takes tries back');

select pg_temp.as_service();
select pg_temp.age('14 minutes');
select private.sweep_passcode_attempts();
select is(pg_temp.attempts(), 5::bigint, 'PASS-41 the sweep leaves what counts');
select pg_temp.age('2 minutes');
select private.sweep_passcode_attempts();
select is(pg_temp.attempts(), 0::bigint, 'PASS-42 and deletes what does not');

select * from finish();
rollback;
