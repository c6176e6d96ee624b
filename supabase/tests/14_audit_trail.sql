-- Threat: someone does something to a session unseen, or rewrites who did what.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(34);

-- What the current role reads of a session, in its order.
create function pg_temp.trail(session text) returns text[] language sql as $$
  select array_agg(a.action order by a.created_at) from session_audit a where a.session_id = pg_temp.id(session)
$$;

select pg_temp.as_user('trainer');
select is(pg_temp.trail('session'), array['created', 'participant_added', 'participant_added'],
  'AUD-01 making a session and adding its people is in the trail');
update video_sessions set title = 'Renamed', join_url = 'https://video.example/secret' where id = pg_temp.id('session');
update video_sessions set status = 'live' where id = pg_temp.id('session');
delete from video_session_participants where session_id = pg_temp.id('session') and role = 'participant';
select is((pg_temp.trail('session'))[4:], array['changed', 'live', 'participant_removed'],
  'AUD-02 and changing it, starting it, removing someone');
select results_eq($$select details from session_audit where action = 'changed'$$,
  $$select '{"changed": ["join_url", "title"]}'::jsonb$$, 'AUD-03 it names the columns that changed');
select is((select count(*) from session_audit a where to_jsonb(a)::text ~ '(https|Renamed|secret)'), 0::bigint,
  'AUD-04 and holds no value of them');
select results_eq($$select details from session_audit where action = 'live'$$,
  $$select '{"from": "scheduled", "changed": ["status"]}'::jsonb$$, 'AUD-05 a move tells where from');
select results_eq($$select actor_id, actor_role from session_audit where action in ('changed', 'live')$$,
  $$select pg_temp.id('trainer'), 'authenticated' from generate_series(1, 2)$$, 'AUD-06 and who did it');
select results_eq($$select actor_role, details ->> 'user_id' from session_audit where action = 'participant_removed'$$,
  $$select 'authenticated', pg_temp.id('client')::text$$, 'AUD-07 to whom');
update video_sessions set title = 'Renamed' where id = pg_temp.id('session');
select is(cardinality(pg_temp.trail('session')), 6, 'AUD-08 what changes nothing leaves no trace');
select is(pg_temp.attempt($$update video_sessions set duration_minutes = 0 where id = pg_temp.id('session')$$),
  'invalid_field', 'AUD-09 what is refused');
select is(cardinality(pg_temp.trail('session')), 6, 'AUD-10 neither');
delete from video_sessions where id = pg_temp.id('direct_session');
select is((pg_temp.trail('direct_session'))[4:], array['deleted'], 'AUD-11 the trail outlives the session');

select is(pg_temp.visible($$session_audit where session_id = pg_temp.id('foreign_session')$$), '0',
  'AUD-12 a host does not read the trail of another''s session');
select is(pg_temp.attempt($$insert into session_audit (family, session_id, host_id, actor_role, action, details)
    values ('video_sessions', pg_temp.id('session'), pg_temp.id('trainer'), 'authenticated', 'live', '{}')$$), '42501',
  'AUD-13 and writes none');
select is(pg_temp.attempt($$update session_audit set actor_id = pg_temp.id('client')$$), '42501', 'AUD-14 or changes one');
select is(pg_temp.attempt('delete from session_audit'), '42501', 'AUD-15 or deletes one');
select is(pg_temp.attempt($$select private.write_audit('video_sessions', pg_temp.id('session'), pg_temp.id('trainer'),
    'live', '{}')$$), '42501', 'AUD-16 or has one written');
select is(pg_temp.attempt($$select private.act_for(pg_temp.id('client'))$$), '42501', 'AUD-17 or acts in another''s name');
select set_config('convene.actor_id', pg_temp.id('client')::text, true);
update video_sessions set title = 'Mine' where id = pg_temp.id('session');
select results_eq($$select actor_id from session_audit order by created_at desc limit 1$$,
  $$select pg_temp.id('trainer')$$, 'AUD-18 a setting does not replace who is signed in');
select set_config('convene.actor_id', '', true);

select is(pg_temp.visible($$session_audit$$) <> '0', false, 'AUD-19 ' || actor || ' reads no trail')
  from unnest(array['client', 'stranger', 'premium']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_user('nutritionist');
select is(pg_temp.visible($$session_audit where host_id <> pg_temp.id('nutritionist')$$), '0',
  'AUD-20 another host only their own');
select pg_temp.as_anon();
select is(pg_temp.visible('session_audit'), '42501', 'AUD-21 anon may not ask');
select pg_temp.as_user('admin');
select is((select count(distinct session_id) from session_audit
    where host_id in (pg_temp.id('trainer'), pg_temp.id('nutritionist'))), 4::bigint, 'AUD-22 an admin reads every trail');
select is(pg_temp.attempt('delete from session_audit'), '42501', 'AUD-23 and deletes none');

select pg_temp.as_service();
select is(pg_temp.attempt('delete from session_audit'), '42501', 'AUD-24 nor does the service');
update video_sessions set title = 'By the service' where id = pg_temp.id('foreign_session');
select private.act_for(pg_temp.id('nutritionist'));
update video_sessions set title = 'For the host' where id = pg_temp.id('foreign_session');
select results_eq($$select actor_role, actor_id from session_audit
    where session_id = pg_temp.id('foreign_session') and action = 'changed' order by created_at$$,
  $$values ('service_role', null::uuid),
    ('service_role', pg_temp.id('nutritionist'))$$, 'AUD-25 which is named itself, and for whom it acted');

select pg_temp.as_owner();
grant all on session_audit to anon, authenticated, service_role;
select pg_temp.as_service();
select is(pg_temp.attempt('delete from session_audit'), 'audit_is_read_only', 'AUD-26 with table grants neither');
select is(pg_temp.attempt($$insert into session_audit (family, session_id, host_id, actor_role, action, details)
    values ('video_sessions', pg_temp.id('session'), pg_temp.id('trainer'), 'authenticated', 'live', '{}')$$),
  'audit_is_read_only', 'AUD-27 the service writes none');
select is(pg_temp.attempt($$update session_audit set actor_id = null$$), 'audit_is_read_only', 'AUD-28 and changes none');
select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$insert into session_audit (family, session_id, host_id, actor_role, action, details)
    values ('video_sessions', pg_temp.id('session'), pg_temp.id('trainer'), 'authenticated', 'live', '{}')$$),
  'audit_is_read_only', 'AUD-29 or a host');
select is(pg_temp.attempt('delete from session_audit'), '0 rows', 'AUD-30 who still deletes none');
select pg_temp.as_anon();
select is(pg_temp.visible('session_audit'), '0', 'AUD-31 and anon reads none');
select pg_temp.as_owner();
select is(pg_temp.attempt('delete from session_audit'), 'audit_is_read_only', 'AUD-32 nor does the owner of the table');

select * from finish();
rollback;
