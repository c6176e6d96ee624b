-- Threat: someone is not told what happened to their session, is told by somebody else, or is flooded.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(20);

-- What the current user was told of a session, in its order.
create function pg_temp.told(session text) returns text[] language sql as $$
  select coalesce(array_agg(n.type order by n.created_at, n.type), '{}') from notifications n
  where n.data ->> 'session_id' = pg_temp.id(session)::text
$$;

select pg_temp.as_user('client');
select is(pg_temp.told('direct_session'), array['video_session_added'], 'TELL-01 the client of a new session is told');
select pg_temp.clear();
select pg_temp.as_user('trainer');
update video_sessions set scheduled_start = '2030-06-01T10:00Z' where id = pg_temp.id('direct_session');
select is(pg_temp.told('direct_session'), '{}', 'TELL-02 the host is not told what they did');
select pg_temp.as_user('client');
select is(pg_temp.told('direct_session'), array['video_session_rescheduled'], 'TELL-03 participants are told of a new time');
select is((select body from notifications), 'B, 2030-06-01 10:00 (UTC)', 'TELL-04 which it is');
select pg_temp.clear();
select pg_temp.as_user('trainer');
update video_sessions set status = 'live' where id = pg_temp.id('direct_session');
update video_sessions set status = 'cancelled' where id = pg_temp.id('zoom_session');
delete from video_sessions where id = pg_temp.id('session');
select pg_temp.as_user('client');
select is(pg_temp.told('direct_session'), array['video_session_started'], 'TELL-05 of the start');
select is(pg_temp.told('zoom_session'), array['video_session_cancelled'], 'TELL-06 of the end of the plan');
select is(pg_temp.told('session'), array['video_session_cancelled'], 'TELL-07 also when the row goes');
select pg_temp.clear();
select pg_temp.as_user('trainer');
update video_sessions set title = 'x' where id = pg_temp.id('direct_session');
update video_sessions set status = 'ended' where id = pg_temp.id('direct_session');
update video_sessions set scheduled_start = '2030-07-01T10:00Z' where id = pg_temp.id('zoom_session');
delete from video_sessions where id = pg_temp.id('zoom_session');
select is(pg_temp.attempt($$update video_sessions set duration_minutes = 0$$), 'invalid_field',
  'TELL-08 what is refused');
select pg_temp.as_user('client');
select is(pg_temp.visible('notifications'), '0', 'TELL-09 nothing of a new title, the end, or a session that was off');

-- The host changes the one client, and adds and removes over and over.
select pg_temp.as_owner();
insert into leads (client_id, provider_id, status) values (pg_temp.id('stranger'), pg_temp.id('trainer'), 'accepted');
insert into video_sessions (id, host_id, client_id, provider, title, scheduled_start, duration_minutes, join_url)
  values (pg_temp.id('new'), pg_temp.id('trainer'), pg_temp.id('client'), 'manual', 'N', '2030-01-01Z', 30,
    'https://v.example/n');
select pg_temp.as_user('trainer');
update video_sessions set client_id = pg_temp.id('stranger') where id = pg_temp.id('new');
select pg_temp.as_user('client');
select is(pg_temp.visible($$video_sessions where id = pg_temp.id('new')$$), '0',
  'TELL-10 who is no longer the client does not see the session');
select pg_temp.as_user('stranger');
select is(pg_temp.told('new'), array['video_session_added'], 'TELL-11 who is now, is told');
select is(pg_temp.visible($$video_session_participants where session_id = pg_temp.id('new')$$), '2',
  'TELL-12 and takes part, with the host');
select pg_temp.as_user('trainer');
update video_sessions set client_id = null where id = pg_temp.id('new');
update video_sessions set client_id = pg_temp.id('stranger') where id = pg_temp.id('new');
delete from video_session_participants where session_id = pg_temp.id('new') and role = 'participant';
insert into video_session_participants (session_id, user_id) values (pg_temp.id('new'), pg_temp.id('stranger'));
select pg_temp.as_user('stranger');
select is(pg_temp.told('new'), array['video_session_added'], 'TELL-13 once, however often they are added within an hour');
select pg_temp.as_owner();
select is((select client_id from video_sessions where id = pg_temp.id('new')), null,
  'TELL-14 the one client was forgotten with the participant');

-- A host who moves a session over and over.
select pg_temp.as_owner();
delete from notifications;
insert into video_sessions (id, host_id, client_id, provider, title, scheduled_start, duration_minutes, join_url)
  values (pg_temp.id('moving'), pg_temp.id('trainer'), pg_temp.id('client'), 'manual', 'M', '2030-01-01Z', 30,
    'https://v.example/m');
select pg_temp.as_user('trainer');
do $$ begin
  for turn in 1..400 loop
    update video_sessions set duration_minutes = 30 + turn % 2 where title = 'M';
  end loop;
end $$;
select pg_temp.as_owner();
select cmp_ok((select count(*) from notifications), '<=', 300::bigint,
  'TELL-18 who does more than 300 things in an hour is no longer told of');
select pg_temp.as_user('trainer');
update video_sessions set status = 'cancelled' where title = 'M';
select pg_temp.as_user('client');
select is((pg_temp.told('moving'))[1], 'video_session_added', 'TELL-19 the client was told of the session');
select is((select count(*) from notifications where type = 'video_session_cancelled'), 1::bigint,
  'TELL-20 and is told that it is off, all the same');

select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$insert into notifications (user_id, type, title, body)
    values (pg_temp.id('client'), 'video_session_cancelled', 'x', 'x')$$), '42501', 'TELL-15 a host writes none');
select is(pg_temp.attempt($$select private.notify(pg_temp.id('client'), 'x', 'x', 'x', '{}')$$), '42501',
  'TELL-16 or has one written');
select is(pg_temp.attempt($$select private.tell_video_session_people()$$), '42501', 'TELL-17 by any way');

select * from finish();
rollback;
