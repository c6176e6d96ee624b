-- Threat: a session by someone who is not a host, with someone who is not their client, or with values that the
-- functions would have refused, through the RPC called directly.
\ir support/people.psql
select plan(47);

-- Security definer: a host does not see the conversation that they try to use.
create function pg_temp.conversation_of(host text) returns uuid language sql security definer as $$
  select id from public.conversations where provider_id = pg_temp.id(host)
$$;

select pg_temp.as_user('client');
select is(pg_temp.outcome(pg_temp.request()), 'not_a_host', 'NEW-01 a client cannot create a session');
select pg_temp.as_user('admin');
select is(pg_temp.outcome(pg_temp.request()), 'not_a_host', 'NEW-02 nor an admin');
select pg_temp.as_anon();
select is(pg_temp.outcome(pg_temp.request()), '42501', 'NEW-03 nor anon');
select pg_temp.as_service();
select is(pg_temp.outcome(pg_temp.request()), '42501', 'NEW-04 the service has no user to create one for');

select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('client_ids', jsonb_build_array(pg_temp.id('other_client'))))),
  'client_not_yours client_ids', 'NEW-05 a trainer cannot name the client of another host');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('client_ids',
    jsonb_build_array(pg_temp.id('client'), pg_temp.id('stranger'))))),
  'client_not_yours client_ids', 'NEW-06 one stranger among the clients is enough');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('client_ids', jsonb_build_array(pg_temp.id('trainer'))))),
  'client_not_yours client_ids', 'NEW-07 nobody is their own client');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('client_ids', jsonb_build_array(gen_random_uuid())))),
  'client_not_yours client_ids', 'NEW-08 a user who does not exist answers the same');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('conversation_id',
    pg_temp.conversation_of('nutritionist')))), 'conversation_not_found conversation_id',
  'NEW-09 a conversation of another host is not found');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('conversation_id', gen_random_uuid()))),
  'conversation_not_found conversation_id', 'NEW-10 as one that does not exist');

select is(pg_temp.outcome(pg_temp.request('{"title": ""}')), 'invalid_field title', 'NEW-11 an empty title');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('title', repeat('x', 201)))), 'invalid_field title',
  'NEW-12 a title of 201 characters');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('description', repeat('x', 2001)))),
  'invalid_field description', 'NEW-13 a description of 2001 characters');
select is(pg_temp.outcome(pg_temp.request('{"scheduled_start": "tomorrow-ish"}')), 'invalid_field scheduled_start',
  'NEW-14 a start that is no time');
select is(pg_temp.outcome(pg_temp.request('{"scheduled_start": "infinity"}')), 'invalid_field scheduled_start',
  'NEW-15 or never comes');
select is(pg_temp.outcome(pg_temp.request('{"scheduled_start": null}')), 'invalid_field scheduled_start',
  'NEW-16 or is missing');
select is(pg_temp.outcome(pg_temp.request('{"duration_minutes": 0}')), 'invalid_field duration_minutes',
  'NEW-17 no duration');
select is(pg_temp.outcome(pg_temp.request('{"duration_minutes": 1441}')), 'invalid_field duration_minutes',
  'NEW-18 more than a day');
select is(pg_temp.outcome(pg_temp.request('{"duration_minutes": "99999999999"}')), 'invalid_field duration_minutes',
  'NEW-19 more than an integer');
select is(pg_temp.outcome(pg_temp.request('{"max_participants": 0}')), 'invalid_field max_participants',
  'NEW-20 no seats');
select is(pg_temp.outcome(pg_temp.request('{"max_participants": 1001}')), 'invalid_field max_participants',
  'NEW-21 too many seats');
select is(pg_temp.outcome(pg_temp.request('{"timezone": "Mars/Olympus_Mons"}')), 'invalid_field timezone',
  'NEW-22 an unknown timezone');
select is(pg_temp.outcome(pg_temp.request('{"timezone": "anything5"}')), 'invalid_field timezone',
  'NEW-23 a POSIX zone, which PostgreSQL would take');
select is(pg_temp.outcome(pg_temp.request('{"provider": "skype"}')), 'invalid_field provider',
  'NEW-24 an unknown provider');
select is(pg_temp.outcome(pg_temp.request('{"provider": null}')), 'invalid_field provider', 'NEW-25 no provider');
select is(pg_temp.outcome(pg_temp.request('{"join_url": "http://video.example/room"}')), 'invalid_field join_url',
  'NEW-26 an http link');
select is(pg_temp.outcome(pg_temp.request('{"join_url": "https://zoom.us/j/1?a=b&ZAK=x"}')), 'invalid_field join_url',
  'NEW-27 a link that signs in as the host');
select is(pg_temp.outcome(pg_temp.request('{"join_url": "https://video.example/a b"}')), 'invalid_field join_url',
  'NEW-28 a link with a space');
select is(pg_temp.outcome(pg_temp.request(jsonb_build_object('join_url', 'https://v.example/' || repeat('x', 2048)))),
  'invalid_field join_url', 'NEW-29 a link of more than 2048 characters');
select is(pg_temp.outcome(pg_temp.request('{"join_url": null}')), 'invalid_field join_url',
  'NEW-30 no link where nobody makes one');
select is(pg_temp.outcome(pg_temp.request('{"client_ids": "all"}')), 'invalid_field client_ids',
  'NEW-31 clients that are no list');
select is(pg_temp.outcome(pg_temp.request('{"client_ids": ["me"]}')), 'invalid_field client_ids',
  'NEW-32 clients that are no UUIDs');
select is(pg_temp.outcome('"text"'), 'invalid_field request', 'NEW-33 a request that is no object');
select is((select count(*) from video_sessions), 0::bigint, 'NEW-34 none of these wrote a session');
select pg_temp.as_owner();
select is((select count(*) from private.idempotency_keys), 0::bigint, 'NEW-35 or used up a key');
select is((select count(*) from notifications where type = 'video_session_added'), 0::bigint, 'NEW-36 or told anyone');

select pg_temp.as_user('trainer');
create temporary table made as
  select pg_temp.create_session(pg_temp.request('{"send_invite": true}')) -> 'session' as session;
select is((select session ->> 'host_id' from made), pg_temp.id('trainer')::text, 'NEW-37 the host is the caller');
select is((select session ->> 'client_id' from made), pg_temp.id('client')::text, 'NEW-38 client_id is the only client');
select is((select session ->> 'scheduled_start' from made), '2030-05-01T10:00:00+00:00', 'NEW-39 times are UTC');
select results_eq($$select role from video_session_participants
    where session_id = (select (session ->> 'id')::uuid from made) order by role$$, array['host', 'participant'],
  'NEW-40 host and client take part');
select results_eq($$select content from messages where sender_id = pg_temp.id('trainer')$$,
  array[E'First session\n2030-05-01 12:00 (Europe/Berlin)\nhttps://video.example/room'],
  'NEW-41 the invitation is in their conversation, in the time of the session');
select pg_temp.as_user('client');
select results_eq($$select type from notifications$$, array['video_session_added'], 'NEW-42 the client is notified, once');

select pg_temp.as_user('trainer');
select is((pg_temp.create_session(pg_temp.request('{"provider": "jitsi", "join_url": null}'))
    -> 'session') ->> 'join_url', 'https://meet.jit.si/room', 'NEW-43 a Jitsi session takes the generated room');
select is((pg_temp.create_session(pg_temp.request(jsonb_build_object('client_ids', '[]'::jsonb,
    'conversation_id', pg_temp.conversation_of('trainer')))) -> 'session') ->> 'client_id', pg_temp.id('client')::text,
  'NEW-44 the client of the conversation takes part');
select is((pg_temp.create_session(pg_temp.request('{"client_ids": [], "timezone": null}')) -> 'session') ->> 'timezone',
  'UTC', 'NEW-45 a session without clients and timezone is one in UTC');

select pg_temp.as_owner();
delete from conversations where client_id = pg_temp.id('client');
select pg_temp.as_user('trainer');
select is(pg_temp.outcome(pg_temp.request('{"send_invite": true}')), 'created',
  'NEW-46 an accepted lead without a conversation is enough');
select is((select count(*) from conversations where client_id = pg_temp.id('client')), 1::bigint,
  'NEW-47 and inviting makes the conversation');

select * from finish();
rollback;
