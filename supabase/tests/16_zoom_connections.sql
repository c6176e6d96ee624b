-- Threat: a connect flow is replayed, ends up with somebody else, or disconnecting leaves something to use behind.
\ir support/people.psql
\ir support/video_sessions.psql
\ir support/zoom.psql
select plan(23);

create function pg_temp.connect(person text, nonce text, zoom_user text default 'zoom user', token text default 'token')
returns text language sql as $$
  select connect_zoom(pg_temp.id(person), pg_temp.id(nonce), now() + interval '10 minutes', token || ' access',
    token || ' refresh', now() + interval '1 hour', 'meeting:write', zoom_user, 'zoom account', 'host@zoom.example')
    ->> 'outcome'
$$;
create function pg_temp.token_of(person text) returns text language sql as $$
  select access_token from user_integrations_zoom where user_id = pg_temp.id(person)
$$;

select pg_temp.as_service();
select is(pg_temp.connect('nutritionist', 'first'), 'connected', 'CON-01 a flow is finished');
select is(pg_temp.token_of('nutritionist'), 'token access', 'CON-02 and its tokens stored');
select is(pg_temp.connect('nutritionist', 'first', 'attacker', 'evil'), 'state_used', 'CON-03 once');
select is(pg_temp.connect('trainer', 'first', 'attacker', 'evil'), 'state_used', 'CON-04 for whomever');
select is(pg_temp.token_of('nutritionist') || pg_temp.token_of('trainer'), 'token accesssealed access',
  'CON-05 a replay changes nothing');
select is(pg_temp.connect('nutritionist', 'first', 'zoom user', 'second code'), 'connected',
  'CON-22 but the same Zoom account, approving once more,');
select results_eq($$select access_token, status from user_integrations_zoom where user_id = pg_temp.id('nutritionist')$$,
  $$values ('second code access', 'connected')$$, 'CON-23 has its newer grant stored, for Zoom ended the other');
select is(connect_zoom(gen_random_uuid(), gen_random_uuid(), now(), 'a', 'r', now(), 's', 'z', 'z', 'z'),
  '{"outcome": "user_gone"}', 'CON-06 nobody is connected who is gone');
select is(pg_temp.connect('nutritionist', 'again', 'zoom user', 'newer'), 'connected', 'CON-07 connecting again');
select is(pg_temp.token_of('nutritionist'), 'newer access', 'CON-08 replaces the tokens');

-- Zoom ends the first grant when the same Zoom user approves again, for whichever of our users.
select is(pg_temp.connect('trainer', 'other', 'zoom user', 'other'), 'connected',
  'CON-09 the same Zoom account is connected to another user');
select results_eq($$select status from user_integrations_zoom where user_id = pg_temp.id('nutritionist')$$,
  array['reconnect_required'], 'CON-10 whose connection Zoom ended, is known');
select is((select count(*) from notifications where user_id = pg_temp.id('nutritionist')
  and type = 'zoom_reconnect_required'), 1::bigint, 'CON-11 and told');
select is((select status from user_integrations_zoom where user_id = pg_temp.id('trainer')), 'connected',
  'CON-12 the new one works');
insert into private.zoom_refresh_leases values (pg_temp.id('trainer'), gen_random_uuid(), now() + interval '8 seconds');
select pg_temp.connect('trainer', 'fresh');
select is((select count(*) from private.zoom_refresh_leases), 0::bigint,
  'CON-13 connecting ends a refresh that is under way');

select is(disconnect_zoom(pg_temp.id('trainer')), '{"access_token": "token access"}',
  'CON-14 disconnecting gives the token to revoke');
select is(pg_temp.token_of('trainer'), null, 'CON-15 and keeps none');
select is((select count(*) from video_session_host_meta where host_id = pg_temp.id('trainer')), 0::bigint,
  'CON-16 nor a start link');
select is((select count(*) from video_session_host_meta where host_id = pg_temp.id('nutritionist')), 1::bigint,
  'CON-17 of the one who disconnected');
select is(disconnect_zoom(pg_temp.id('trainer')), '{"access_token": null}', 'CON-18 twice is the same as once');

select pg_temp.as_user('nutritionist');
select is(pg_temp.attempt($$select disconnect_zoom(pg_temp.id('nutritionist'))$$), '42501',
  'CON-19 a host gets no sealed token that way');
select is(pg_temp.attempt($$select connect_zoom(pg_temp.id('nutritionist'), gen_random_uuid(), now(), 'a', 'r', now(),
    's', 'z', 'z', 'z')$$), '42501', 'CON-20 and connects nobody');
select is(pg_temp.attempt($$delete from private.used_zoom_states$$), '42501', 'CON-21 or makes a state new');

select * from finish();
rollback;
