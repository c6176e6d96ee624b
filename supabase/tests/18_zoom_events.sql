-- Threat: a webhook that is repeated, late, out of order or about somebody else's meeting changes what it should not.
\ir support/people.psql
\ir support/video_sessions.psql
\ir support/zoom.psql
select plan(42);

-- What an event about meeting 555 comes to, `minutes` after the planned start of its session.
create function pg_temp.happens(event text, minutes integer default 5, object jsonb default '{}') returns jsonb
language sql as $$
  select record_zoom_event(event, s.scheduled_start + minutes * interval '1 minute', '{"meeting_id": "555"}' || object)
  from video_sessions s where s.id = pg_temp.id('zoom_session')
$$;
create function pg_temp.status() returns text language sql as $$
  select status from video_sessions where id = pg_temp.id('zoom_session')
$$;
create function pg_temp.seen(event text, key text, at text) returns jsonb language sql as $$
  select pg_temp.happens(event, 5, jsonb_build_object('meeting_uuid', 'u==', 'participant',
    jsonb_build_object('key', key, 'name', 'Ana', 'at', at)))
$$;
-- A copy of the session as it was, to begin anew.
create function pg_temp.plan_anew(start timestamptz) returns void language plpgsql security definer as $$
begin
  delete from public.video_sessions where provider_meeting_id = '555';
  delete from private.outbox;
  delete from public.notifications;
  insert into public.video_sessions (id, host_id, client_id, provider, title, scheduled_start, duration_minutes,
      join_url, provider_meeting_id)
    values (pg_temp.id('zoom_session'), pg_temp.id('trainer'), pg_temp.id('client'), 'zoom', 'C', start, 30,
      'https://zoom.us/j/555', '555');
end
$$;
create function pg_temp.left_to_do() returns bigint language sql security definer as $$
  select count(*) from private.outbox
$$;

select pg_temp.as_service();
select is(record_zoom_event('started', now(), '{"meeting_id": "404"}'), '{"recorded": false}',
  'EVT-01 a meeting that is none of ours');
select is(record_zoom_event('started', now(), '{}'), '{"recorded": false}', 'EVT-02 or none at all');

-- A session that is to come: the host tries its meeting out.
select pg_temp.happens('started', -3000);
select is(pg_temp.status(), 'scheduled', 'EVT-03 a start days ahead starts nothing');
select pg_temp.happens('ended', -2990);
select is(pg_temp.status(), 'scheduled', 'EVT-04 nor does its end end the session');
select pg_temp.happens('started', -10);
select is(pg_temp.status(), 'live', 'EVT-05 shortly before the time it is live');
select pg_temp.happens('ended', -5);
select is(pg_temp.status(), 'live', 'EVT-06 and stays so when the meeting closes before the time');
select is(pg_temp.left_to_do(), 0::bigint, 'EVT-07 what Zoom told is not sent back');

-- One that takes place now.
select pg_temp.plan_anew(now() - interval '40 minutes');
select pg_temp.happens('started');
select pg_temp.happens('started');
select is(pg_temp.status(), 'live', 'EVT-08 started twice is started');
select is((select count(*) from notifications where type = 'video_session_started'), 1::bigint, 'EVT-09 told once');
select pg_temp.happens('ended', 35);
select is(pg_temp.status(), 'ended', 'EVT-10 it ends');
select pg_temp.happens('ended', 35);
select pg_temp.happens('started');
select pg_temp.happens('deleted', 36);
select is(pg_temp.status(), 'ended', 'EVT-11 and stays so, whatever comes late');
select is(pg_temp.left_to_do(), 0::bigint, 'EVT-12 Zoom is asked nothing');
select pg_temp.plan_anew(now() - interval '40 minutes');
select pg_temp.happens('ended', 35);
select is(pg_temp.status(), 'ended', 'EVT-13 an end that comes before its start ends it');
select pg_temp.happens('started');
select is(pg_temp.status(), 'ended', 'EVT-14 for good');

-- Deleted at Zoom.
select pg_temp.plan_anew(now() + interval '1 day');
select pg_temp.happens('deleted', -100);
select is(pg_temp.status(), 'cancelled', 'EVT-15 a meeting deleted at Zoom cancels its session');
select is((select count(*) from notifications where type = 'video_session_cancelled'), 1::bigint, 'EVT-16 its client is told');
select is(pg_temp.left_to_do(), 0::bigint, 'EVT-17 and it is not deleted again');

-- Changed at Zoom.
select pg_temp.plan_anew('2030-05-03T10:00Z');
select pg_temp.happens('updated', -60, '{"start_time": "2030-05-04T10:00:00Z", "duration": 90, "topic": " New ",
  "timezone": "Europe/Berlin"}');
select results_eq($$select scheduled_start, duration_minutes, title, timezone from video_sessions
    where provider_meeting_id = '555'$$, $$values ('2030-05-04T10:00Z'::timestamptz, 90, 'New', 'Europe/Berlin')$$,
  'EVT-18 a change at Zoom reaches the session');
select is(pg_temp.left_to_do(), 0::bigint, 'EVT-19 and is not sent back');
select record_zoom_event('updated', '2030-05-03T08:00Z', '{"meeting_id": "555", "start_time": "2029-01-01T10:00:00Z"}');
select is((select scheduled_start from video_sessions where provider_meeting_id = '555'), '2030-05-04T10:00Z',
  'EVT-20 an older one that comes late does not');
select record_zoom_event('updated', '2030-05-03T09:30Z', '{"meeting_id": "555", "duration": 0, "topic": "a\u202eb",
  "timezone": "Nowhere"}');
select results_eq($$select duration_minutes, title, timezone from video_sessions where provider_meeting_id = '555'$$,
  $$values (90, 'New', 'Europe/Berlin')$$, 'EVT-21 values that a session cannot have are left out');
select record_zoom_event('updated', '2030-05-03T09:10Z', '{"meeting_id": "555", "start_time": "2030-05-05T10:00:00Z"}');
select is((select scheduled_start from video_sessions where provider_meeting_id = '555'), '2030-05-05T10:00Z',
  'EVT-36 a value that no newer change told of counts, though one of another value came first');
select pg_temp.as_user('trainer');
update video_sessions set scheduled_start = '2030-06-01T10:00Z' where id = pg_temp.id('zoom_session');
select pg_temp.as_service();
select record_zoom_event('updated', now() - interval '1 minute',
  '{"meeting_id": "555", "start_time": "2029-01-01T10:00:00Z"}');
select is((select scheduled_start from video_sessions where provider_meeting_id = '555'), '2030-06-01T10:00Z',
  'EVT-22 nor does one from before the host moved it here');
select is(pg_temp.left_to_do(), 1::bigint, 'EVT-23 which Zoom is still to be told');
select record_zoom_event('updated', now() + interval '1 minute',
  '{"meeting_id": "555", "start_time": "2029-01-01T10:00:00Z"}');
select is((select scheduled_start from video_sessions where provider_meeting_id = '555'), '2030-06-01T10:00Z',
  'EVT-37 until then nothing that Zoom tells replaces it');

-- Attendance.
select pg_temp.seen('participant_left', 'a', '2030-05-03T10:30Z');
select pg_temp.seen('participant_joined', 'a', '2030-05-03T10:00Z');
select pg_temp.seen('participant_joined', 'a', '2030-05-03T10:00Z');
select pg_temp.seen('participant_joined', 'b', '2030-05-03T10:05Z');
select results_eq($$select joined_at, left_at from video_session_attendance order by participant_key$$,
  $$values ('2030-05-03T10:00Z'::timestamptz, '2030-05-03T10:30Z'::timestamptz), ('2030-05-03T10:05Z', null)$$,
  'EVT-24 joins and leaves are attendance, in whatever order, however often');
select pg_temp.seen('participant_joined', 'a', '2030-05-03T10:40Z');
select results_eq($$select joined_at, left_at from video_session_attendance order by participant_key limit 1$$,
  $$values ('2030-05-03T10:00Z'::timestamptz, null::timestamptz)$$, 'EVT-25 who comes back is there again');

select pg_temp.as_user('trainer');
select is(pg_temp.visible('video_session_attendance'), '2', 'EVT-26 the host reads it');
select is(pg_temp.attempt('delete from video_session_attendance'), '42501', 'EVT-27 and changes nothing');
select is(pg_temp.visible('video_session_attendance'), '0', 'EVT-28 ' || person || ' reads none')
  from unnest(array['client', 'nutritionist', 'stranger', 'admin']) as person, lateral pg_temp.as_user(person);
select pg_temp.as_anon();
select is(pg_temp.visible('video_session_attendance'), '42501', 'EVT-29 nor anon');
select is(pg_temp.attempt($$select record_zoom_event('started', now(), '{"meeting_id": "555"}')$$), '42501',
  'EVT-30 who tells no events');
select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$select record_zoom_event('started', now(), '{"meeting_id": "555"}')$$), '42501',
  'EVT-31 nor does a host');

-- Removed at Zoom.
select pg_temp.as_owner();
update user_integrations_zoom set zoom_user_id = 'zu', zoom_account_id = 'za';
select pg_temp.as_service();
select is(record_zoom_event('deauthorized', now(), '{"zoom_user_id": "zu", "zoom_account_id": "other"}'),
  '{"recorded": false}', 'EVT-32 the removal by another account is not ours');
select is(record_zoom_event('deauthorized', now() - interval '1 minute',
    '{"zoom_user_id": "zu", "zoom_account_id": "za"}'), '{"recorded": false}',
  'EVT-38 nor is one from before the user connected');
select is(record_zoom_event('deauthorized', now(), '{"zoom_user_id": "zu", "zoom_account_id": "za"}'),
  '{"recorded": true}', 'EVT-33 whoever removes the app at Zoom');
select is((select count(*) from user_integrations_zoom where user_id = pg_temp.id('trainer')), 0::bigint,
  'EVT-34 leaves no tokens');
select is(record_zoom_event('deauthorized', now(), '{"zoom_user_id": "zu", "zoom_account_id": "za"}'),
  '{"recorded": false}', 'EVT-35 twice is the same');
select is(pg_temp.attempt($$select private.sweep()$$), '1 row', 'EVT-39 the sweep goes on');

select * from finish();
rollback;
