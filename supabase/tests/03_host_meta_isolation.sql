-- Threat: whoever holds Zoom's start link is signed in as the host.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(16);

select pg_temp.as_user('trainer');
select results_eq('select host_start_url from video_session_host_meta', array['https://zoom.us/s/555?zak=t'],
  'META-01 a host reads their own start link, and no other');
select is(pg_temp.attempt($$insert into video_session_host_meta values
    (pg_temp.id('session'), pg_temp.id('trainer'), 'https://evil.example', now() + interval '1 day')$$), '42501',
  'META-02 a host cannot write one');
select is(pg_temp.attempt($$update video_session_host_meta set host_start_url = 'https://evil.example'$$), '42501',
  'META-03 or change one');
select is(pg_temp.attempt('delete from video_session_host_meta'), '42501', 'META-04 or delete one');

select pg_temp.as_user('client');
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-05 the client of the session sees no start link');
select is((select count(*) from video_sessions s where to_jsonb(s)::text like '%zak=%'), 0::bigint,
  'META-06 and no row of a session carries one');
select pg_temp.as_user('nutritionist');
select is(pg_temp.visible($$video_session_host_meta where host_id = pg_temp.id('trainer')$$), '0',
  'META-07 another host does not see it');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-08 a stranger does not see it');
select pg_temp.as_user('admin');
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-09 an admin does not see it');
select pg_temp.as_anon();
select is(pg_temp.visible('video_session_host_meta'), '42501', 'META-10 anon may not ask');

select pg_temp.as_owner();
grant all on video_session_host_meta to anon, authenticated;
select pg_temp.as_anon();
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-11 with table grants anon still sees nothing');
select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$update video_session_host_meta set host_id = pg_temp.id('client')$$), '0 rows',
  'META-12 and a host hands it to nobody');
select is(pg_temp.attempt($$insert into video_session_host_meta values
    (pg_temp.id('session'), pg_temp.id('trainer'), 'https://evil.example', now() + interval '1 day')$$), '42501',
  'META-13 and writes none');

select pg_temp.as_owner();
update video_session_host_meta set expires_at = now() - interval '1 second';
select pg_temp.as_user('trainer');
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-14 an expired link is not shown');
select pg_temp.as_service();
select public.claim_outbox(1);
select is(pg_temp.visible('video_session_host_meta'), '0', 'META-15 and is swept away');

select pg_temp.as_owner();
insert into video_session_host_meta values (pg_temp.id('direct_session'), pg_temp.id('trainer'),
  'https://zoom.us/s/1?zak=d', now() + interval '1 hour');
select pg_temp.as_user('trainer');
update video_sessions set status = 'cancelled' where id = pg_temp.id('direct_session');
select is(pg_temp.visible($$video_session_host_meta where session_id = pg_temp.id('direct_session')$$), '0',
  'META-16 a session that is over leaves no start link');

select * from finish();
rollback;
