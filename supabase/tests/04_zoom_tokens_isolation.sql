-- Threat: someone reads or replaces another's Zoom tokens, or two workers refresh one grant and lose it.
\ir support/people.psql
\ir support/zoom.psql
select plan(36);

select pg_temp.as_user('trainer');
select is(pg_temp.visible('user_integrations_zoom'), '1', 'TOK-01 a host sees their own connection');
select is(pg_temp.attempt($$update user_integrations_zoom set access_token = 'x'$$), '42501',
  'TOK-02 and cannot change it');
select is(pg_temp.attempt('delete from user_integrations_zoom'), '42501', 'TOK-03 or delete it');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('user_integrations_zoom'), '0', 'TOK-04 a stranger sees none');
select is(pg_temp.attempt($$insert into user_integrations_zoom (user_id, access_token, refresh_token, expires_at)
    values (pg_temp.id('stranger'), 'x', 'y', now())$$), '42501', 'TOK-05 nobody connects by writing the row');
select pg_temp.as_user('admin');
select is(pg_temp.visible('user_integrations_zoom'), '0', 'TOK-06 an admin sees none');
select pg_temp.as_anon();
select is(pg_temp.visible('user_integrations_zoom'), '42501', 'TOK-07 anon may not ask');
select pg_temp.as_owner();
grant all on user_integrations_zoom to anon, authenticated;
select pg_temp.as_anon();
select is(pg_temp.visible('user_integrations_zoom'), '0', 'TOK-08 with table grants anon still sees none');
select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$update user_integrations_zoom set access_token = 'x'$$), '0 rows',
  'TOK-09 and a host still changes nothing');
select is(pg_temp.attempt('delete from user_integrations_zoom'), '0 rows', 'TOK-10 and deletes nothing');

create temporary table grants (name text, answer jsonb);
select pg_temp.as_owner();
grant all on grants to service_role;
select pg_temp.as_service();
insert into grants values ('fresh', zoom_grant(pg_temp.id('trainer')));
select is((select answer ->> 'access_token' from grants where name = 'fresh'), 'sealed access',
  'TOK-11 the service gets the sealed tokens');
select is((select answer -> 'refresh_lease' from grants where name = 'fresh'), 'null',
  'TOK-12 without a lease while they are good');
select is(zoom_grant(pg_temp.id('stranger')) ->> 'status', 'missing', 'TOK-13 an unconnected host has no grant');
select is(zoom_grant(pg_temp.id('trainer'), 'another access') -> 'refresh_lease', 'null',
  'TOK-14 a refused token that is no longer the stored one needs no refresh');

insert into grants values ('first', zoom_grant(pg_temp.id('trainer'), 'sealed access'));
insert into grants values ('second', zoom_grant(pg_temp.id('trainer'), 'sealed access'));
select isnt((select answer ->> 'refresh_lease' from grants where name = 'first'), null,
  'TOK-15 a refused stored token gives the lease to refresh');
select is((select answer -> 'refresh_busy' from grants where name = 'first'), 'false', 'TOK-16 and is not busy');
select is((select answer -> 'refresh_lease' from grants where name = 'second'), 'null',
  'TOK-17 a second worker gets none');
select is((select answer -> 'refresh_busy' from grants where name = 'second'), 'true', 'TOK-18 but hears that one is at it');
select is(save_zoom_tokens(pg_temp.id('trainer'), 'another refresh', 'a', 'r', now(), 's'), '{"saved": false}',
  'TOK-19 a pair that another refresh token gave is not saved');
select is(save_zoom_tokens(pg_temp.id('trainer'), null, 'a', 'r', now(), 's'), '{"saved": false}',
  'TOK-20 nor one of nowhere');
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'sealed refresh', gen_random_uuid()), '{"marked": false}',
  'TOK-21 and no other lease marks the connection dead');
select is(save_zoom_tokens(pg_temp.id('trainer'), 'sealed refresh',
    'new access', 'new refresh', now() + interval '1 minute', 'meeting:write'), '{"saved": true}',
  'TOK-22 the pair that the stored token gave is saved');
select is(save_zoom_tokens(pg_temp.id('trainer'), 'sealed refresh',
    'later access', 'later refresh', now(), 's'), '{"saved": false}',
  'TOK-23 once');

insert into grants values ('expiring', zoom_grant(pg_temp.id('trainer')));
select isnt((select answer ->> 'refresh_lease' from grants where name = 'expiring'), null,
  'TOK-24 a token that expires within two minutes must be refreshed');
update private.zoom_refresh_leases set leased_until = now() - interval '1 second';
insert into grants values ('takeover', zoom_grant(pg_temp.id('trainer')));
select isnt((select answer ->> 'refresh_lease' from grants where name = 'takeover'),
  (select answer ->> 'refresh_lease' from grants where name = 'expiring'), 'TOK-25 a lapsed lease is taken over');
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'new refresh',
    (select (answer ->> 'refresh_lease')::uuid from grants where name = 'expiring')), '{"marked": false}',
  'TOK-26 and its former holder does not mark the connection dead');
update user_integrations_zoom set refresh_token = 'connected again' where user_id = pg_temp.id('trainer');
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'new refresh',
    (select (answer ->> 'refresh_lease')::uuid from grants where name = 'takeover')), '{"marked": false}',
  'TOK-27 connecting again ends a refresh: its failure does not kill the new connection');

insert into grants values ('last', zoom_grant(pg_temp.id('trainer')));
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'connected again',
    (select (answer ->> 'refresh_lease')::uuid from grants where name = 'last')), '{"marked": true}',
  'TOK-28 the holder marks a refused grant');
select is(zoom_grant(pg_temp.id('trainer')) - 'user_id', '{"status": "reconnect_required", "access_token": null,
    "refresh_token": null, "refresh_lease": null, "refresh_busy": false}',
  'TOK-29 and no worker gets its tokens any more');
select is((select count(*) from notifications where user_id = pg_temp.id('trainer')
    and type = 'zoom_reconnect_required'), 1::bigint, 'TOK-30 the host is told, once');
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'connected again'), '{"marked": false}',
  'TOK-35 a connection that is dead already is not marked again');
select is(save_zoom_tokens(pg_temp.id('trainer'), 'connected again', 'late access', 'late refresh',
    now() + interval '1 hour', 's'), '{"saved": true}', 'TOK-33 a refresh that comes back after that was the one that counts');
select is(zoom_grant(pg_temp.id('trainer')) ->> 'access_token', 'late access', 'TOK-34 and the connection works again');

select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$select zoom_grant(pg_temp.id('trainer'))$$), '42501',
  'TOK-31 a host cannot ask for a grant');
select is(pg_temp.attempt($$select save_zoom_tokens(pg_temp.id('trainer'), 'r', 'a', 'r', now(), 's')$$), '42501',
  'TOK-32 and saves no tokens');

select pg_temp.as_service();
select is(mark_zoom_reconnect(pg_temp.id('trainer'), 'late access'), '{"marked": true}',
  'TOK-36 an access token that is refused though it was just refreshed ends the connection too');

select * from finish();
rollback;
