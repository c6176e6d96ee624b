-- Threat: someone reads a session, its join link or its people without being one of them.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(21);

select pg_temp.as_user('trainer');
select is(pg_temp.visible('video_sessions'), '3', 'VIS-01 a host sees their own sessions only');
select is(pg_temp.visible('video_session_participants'), '6', 'VIS-02 and who takes part in them');

select pg_temp.as_user('client');
select results_eq('select title from video_sessions order by title', array['A', 'B', 'C'],
  'VIS-03 a client sees the sessions they take part in and those with their client_id');
select is(pg_temp.visible($$video_session_participants where session_id = pg_temp.id('session')$$), '2',
  'VIS-04 a participant sees who takes part');
select is(pg_temp.visible($$video_session_participants where session_id = pg_temp.id('foreign_session')$$), '0',
  'VIS-05 but not in a session of others');
select is((select join_url from video_sessions where id = pg_temp.id('session')), 'https://video.example/a',
  'VIS-06 a participant gets the join link');

select pg_temp.as_user('nutritionist');
select is(pg_temp.visible($$video_sessions where host_id = pg_temp.id('trainer')$$), '0',
  'VIS-07 another host sees none of them');
select is(pg_temp.visible($$video_session_participants where user_id = pg_temp.id('client')$$), '0',
  'VIS-08 nor who takes part');
select is(pg_temp.visible($$video_sessions where id = pg_temp.id('session')$$), '0',
  'VIS-09 not even with its id');

select pg_temp.as_user('other_client');
select is(pg_temp.visible($$video_sessions where host_id = pg_temp.id('trainer')$$), '0',
  'VIS-10 a client of another host sees none of them');

select pg_temp.as_user('stranger');
select is(pg_temp.visible('video_sessions'), '0', 'VIS-11 a stranger sees no session');
select is(pg_temp.visible('video_session_participants'), '0', 'VIS-12 and no participant');
select is(pg_temp.visible($$video_sessions where join_url like 'https://%'$$), '0',
  'VIS-13 filtering by the link tells nothing');

select pg_temp.as_user('admin');
select is(pg_temp.visible('video_sessions'), '0', 'VIS-14 an admin has no way into sessions of others');

select pg_temp.as_anon();
select is(pg_temp.visible('video_sessions'), '42501', 'VIS-15 anon may not ask for sessions');
select is(pg_temp.visible('video_session_participants'), '42501', 'VIS-16 nor for participants');

select pg_temp.as_owner();
delete from video_session_participants where user_id = pg_temp.id('client');
select pg_temp.as_user('client');
select is(pg_temp.visible('video_sessions'), '0', 'VIS-17 a removed participant loses the session, also as its one client');

select pg_temp.as_owner();
grant all on video_sessions, video_session_participants to anon, authenticated;
select pg_temp.as_anon();
select is(pg_temp.visible('video_sessions'), '0', 'VIS-18 with table grants anon still sees no session');
select is(pg_temp.visible('video_session_participants'), '0', 'VIS-19 and no participant');
select is(pg_temp.attempt('delete from video_sessions'), '0 rows', 'VIS-20 and deletes none');

select pg_temp.as_service();
select is(pg_temp.visible($$video_sessions where title in ('A', 'B', 'C', 'D')$$), '4', 'VIS-21 the service sees all');

select * from finish();
rollback;
