-- Threat: what OpenVidu tells twice, late or out of order ends a meeting that goes on, or says something wrong of it; a
-- meeting nobody is in goes on for ever; a room is opened again after its end.
\ir support/people.psql
\ir support/meetings.psql
select plan(49);

create function pg_temp.event(named text, at timestamptz, details jsonb default '{}', meeting text default 'meeting')
returns jsonb language sql security definer as $$
  select public.record_openvidu_event(named, at, pg_temp.room(meeting), details)
$$;
-- As the service, as which deliver-outbox calls it.
create function pg_temp.sweep() returns void language plpgsql as $$
begin
  perform pg_temp.as_service();
  perform private.sweep();
  perform pg_temp.as_owner();
end
$$;
create function pg_temp.came(connection text, at timestamptz, named text default 'participant_joined') returns jsonb
language sql security definer as $$
  select pg_temp.event(named, at, jsonb_build_object('connection', connection, 'user_id', pg_temp.id('client')))
$$;
create function pg_temp.went(connection text, at timestamptz) returns jsonb language sql as $$
  select pg_temp.came(connection, at, 'participant_left')
$$;
-- The meeting as it began an hour ago.
create function pg_temp.begin() returns void language sql security definer as $$
  delete from public.meetings where id = pg_temp.id('meeting');
  delete from private.outbox;
  insert into public.meetings (id, client_id, operator_id, title, scheduled_at, status, started_at, session_id)
    values (pg_temp.id('meeting'), pg_temp.id('record'), pg_temp.id('operator'), 'A', now() - interval '1 hour',
      'in_progress', now() - interval '1 hour', pg_temp.id('meeting'));
$$;
create function pg_temp.outcome() returns text language sql security definer as $$
  select m.status || coalesce(' ' || m.duration_seconds, '') from public.meetings m where m.id = pg_temp.id('meeting')
$$;
create function pg_temp.ago(minutes integer) returns timestamptz language sql as $$
  select now() - minutes * interval '1 minute'
$$;

-- Which meeting.
select pg_temp.begin();
select is(record_openvidu_event('room_gone', now(), room, '{}') ->> 'recorded', 'false',
    'EVENT-01 the rooms of others are not ours: ' || room)
  from unnest(array['', 'lobby', pg_temp.id('nothing')::text, upper(pg_temp.id('meeting')::text),
    pg_temp.id('second_meeting')::text, null]) as room;
select is(pg_temp.outcome(), 'in_progress', 'EVENT-02 and do nothing');

-- Who was there.
select pg_temp.came('one', pg_temp.ago(50)) from generate_series(1, 2);
select pg_temp.went('one', pg_temp.ago(20)) from generate_series(1, 2);
select pg_temp.went('two', pg_temp.ago(12));
select pg_temp.came('two', pg_temp.ago(30));
select pg_temp.came('one', pg_temp.ago(50));
select results_eq($$select connection_id, user_id, joined_at, left_at from meeting_attendance order by 1$$,
  $$values ('one', pg_temp.id('client'), pg_temp.ago(50), pg_temp.ago(20)),
    ('two', pg_temp.id('client'), pg_temp.ago(30), pg_temp.ago(12))$$,
  'EVENT-03 each stay has its beginning and end, in whatever order they are told');
select pg_temp.as_user('operator');
select is(pg_temp.visible('meeting_attendance'), '2', 'EVENT-04 the operator reads it');
select is(pg_temp.visible_to(actor, 'meeting_attendance'), '0', 'EVENT-05 the ' || actor || ' does not')
  from unnest(array['client', 'other_operator', 'stranger']) as actor;
select pg_temp.as_owner();

-- Gone.
select pg_temp.event('room_gone', pg_temp.ago(0));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'completed 2880', 'EVENT-06 whom everybody left ten minutes ago ended then');
select is((select ended_at from meetings where id = pg_temp.id('meeting')), pg_temp.ago(12), 'EVENT-07 when the last one left');
select pg_temp.event('room_gone', pg_temp.ago(minutes)) from unnest(array[0, 5]) as minutes;
select is(pg_temp.outcome(), 'completed 2880', 'EVENT-08 repeats change nothing');
select pg_temp.went('two', pg_temp.ago(5));
select is(pg_temp.outcome(), 'completed 2880', 'EVENT-09 nor does a leave after the end');
select pg_temp.went('three', pg_temp.ago(15));
select is(pg_temp.outcome(), 'completed 2880', 'EVENT-10 or one before it');
select is(pg_temp.closings(), array['pending', 'pending later'], 'EVENT-11 the room stays closed');

select pg_temp.begin();
select pg_temp.event('room_gone', pg_temp.ago(61));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-12 the end of an earlier room ends nothing');

-- A leave that is told after the end.
select pg_temp.begin();
select pg_temp.came('one', pg_temp.ago(50));
select pg_temp.event('room_gone', pg_temp.ago(20));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'completed 2400', 'EVENT-13 where nobody told of the last one, it is the room that ended');
select pg_temp.went('one', pg_temp.ago(30));
select is(pg_temp.outcome(), 'completed 1800', 'EVENT-14 until somebody does');

-- Empty.
select pg_temp.begin();
select pg_temp.event('room_gone', pg_temp.ago(9));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-16 whom everybody left may come back for ten minutes');
select pg_temp.event('room_gone', pg_temp.ago(11));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-17 an older report does not shorten them');
update private.meeting_rooms set empty_since = pg_temp.ago(11);
select pg_temp.sweep();
select is(pg_temp.outcome(), 'completed 2940', 'EVENT-18 then it was over when they left');
select is((select count(*) from private.meeting_rooms where empty_since is not null), 0::bigint,
  'EVENT-19 and is not looked at any more');
select pg_temp.begin();
select pg_temp.event('room_gone', pg_temp.ago(20));
select pg_temp.came('two', pg_temp.ago(12));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-20 who came back is there');
select pg_temp.begin();
select pg_temp.event('room_gone', pg_temp.ago(20));
select pg_temp.as_user('operator');
select pg_temp.join();
select pg_temp.as_owner();
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-21 and who is about to, is waited for');
select is(pg_temp.closings(), '{}', 'EVENT-22 nobody closes the room of a meeting that goes on');

select pg_temp.begin();
select pg_temp.event('room_gone', pg_temp.ago(20));
select pg_temp.event('room_started', pg_temp.ago(12));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-38 a room that was opened again is not empty, whoever came unseen');
select pg_temp.event('room_gone', pg_temp.ago(11));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'completed 2940', 'EVENT-39 until it is empty again');
select pg_temp.begin();
select pg_temp.plan('meeting', pg_temp.ago(9));
select pg_temp.event('room_gone', pg_temp.ago(20));
select pg_temp.sweep();
select is(pg_temp.outcome(), 'in_progress', 'EVENT-40 whoever was early may come back at the planned time');

-- Not begun.
select pg_temp.as_user('operator');
select pg_temp.meeting_call(format('open_meeting_room(%L)', pg_temp.id('second_meeting')), 'session_id');
select pg_temp.as_owner();
select pg_temp.event('room_gone', now(), '{}', 'second_meeting');
select is(pg_temp.meeting_status('second_meeting'), 'scheduled', 'EVENT-23 whoever tried a room out ended nothing');

-- Opened again.
update meetings set status = 'completed' where id = pg_temp.id('meeting');
update private.outbox set status = 'done', done_at = now() where available_at <= now();
select is(pg_temp.closings(), array['done', 'pending later'], 'EVENT-24 a meeting ends, its room is closed');
select pg_temp.event('room_started', now());
select is(pg_temp.closings(), array['done', 'pending', 'pending later', 'pending later'],
  'EVENT-25 whoever opens it again does not keep it');
select pg_temp.came('three', now());
select is(cardinality(pg_temp.closings()), 4, 'EVENT-26 which is done once');
update private.outbox set leased_until = now() + interval '1 minute' where available_at <= now() and status = 'pending';
select pg_temp.event('room_started', now());
select is(cardinality(pg_temp.closings()), 6, 'EVENT-41 but once more while it may be closed before they came');
select is(pg_temp.outcome(), 'completed 3600', 'EVENT-27 and the meeting took as long as it did');

-- Recordings.
create function pg_temp.recording() returns text language sql security definer as $$
  select m.recording_url from public.meetings m where m.id = pg_temp.id('meeting')
$$;
select pg_temp.event('recording_ready', pg_temp.ago(5), '{"url": "https://r.example/2"}') from generate_series(1, 2);
select is(pg_temp.recording(), 'https://r.example/2', 'EVENT-28 a recording is the meeting''s');
select pg_temp.event('recording_ready', pg_temp.ago(6), '{"url": "https://r.example/1"}');
select is(pg_temp.recording(), 'https://r.example/2', 'EVENT-29 an older one that is told later is not');
select pg_temp.event('recording_ready', pg_temp.ago(4), jsonb_build_object('url', 'https://r.example/' || repeat('x', 2048)));
select is(pg_temp.recording(), 'https://r.example/2', 'EVENT-30 nor one that is too long');
delete from private.outbox;
select pg_temp.event('recording_ready', pg_temp.ago(3), '{"recording_id": "r1"}') from generate_series(1, 2);
select is((select count(*) from private.outbox where kind = 'openvidu.fetch_recording'), 1::bigint,
  'EVENT-31 where a recording is, is asked for once');
select pg_temp.as_service();
create temporary table claimed as select value as effect from jsonb_array_elements(claim_outbox(8) -> 'effects');
select is((select effect ->> 'zoom' from claimed), null, 'EVENT-32 without anybody''s tokens');
select settle_outbox(jsonb_build_array(jsonb_build_object('id', effect -> 'id', 'lease_id', effect -> 'lease_id',
  'outcome', 'done', 'recording_url', 'https://r.example/3'))) from claimed;
select is(pg_temp.recording(), 'https://r.example/3', 'EVENT-33 and stored when it is known');
select pg_temp.as_user('client');
select is((select recording_url from meetings where id = pg_temp.id('meeting')), 'https://r.example/3',
  'EVENT-34 for both to see');
select is(pg_temp.attempt($$select record_openvidu_event('room_gone', now(), 'x', '{}')$$), '42501',
  'EVENT-35 who tells of no room themselves');
select pg_temp.as_service();
select is(pg_temp.attempt(format($$select record_openvidu_event('x', now(), %L, '{}')$$, pg_temp.id('meeting'))),
  'invalid_field', 'EVENT-36 nothing else is taken for an event');

-- How many at once.
create function pg_temp.claimed_of(provider text) returns bigint language sql as $$
  select count(*) from jsonb_array_elements(claim_outbox(8) -> 'effects') as effect
  where effect ->> 'kind' like provider || '.%'
$$;
select pg_temp.as_owner();
delete from private.outbox;
insert into private.outbox (kind, host_id, payload)
  select 'openvidu.close_room', gen_random_uuid(), '{"room": "r"}' from generate_series(1, 60);
select pg_temp.as_service();
select is(pg_temp.claimed_of('openvidu'), 40::bigint, 'EVENT-42 forty rooms are closed in one delivery');
insert into private.outbox (kind, host_id, payload)
  select 'zoom.delete_meeting', gen_random_uuid(), '{"meeting_id": "1"}' from generate_series(1, 20);
select is(pg_temp.claimed_of('zoom'), 8::bigint, 'EVENT-43 eight of Zoom''s');
select is((select count(*) from private.outbox where kind = 'openvidu.close_room' and lease_id is not null), 48::bigint,
  'EVENT-44 and beside them eight rooms');

select * from finish();
rollback;
