-- Threat: a client calls what only the service, or only a signed-in user, may call. The list is complete: a function
-- that is added to `public` has to be added here.
\ir support/people.psql
select plan(23);

create temporary table expected (function_name text, anon boolean, authenticated boolean, service_role boolean);
grant select on expected to public;
insert into expected values
  ('claim_outbox', false, false, true),
  ('commit_zoom_session', false, false, true),
  ('create_video_session', false, true, false),
  ('mark_zoom_reconnect', false, false, true),
  ('outbox_health', false, true, true),
  ('release_zoom_claim', false, false, true),
  ('save_zoom_tokens', false, false, true),
  ('settle_outbox', false, false, true),
  ('zoom_grant', false, false, true);

select results_eq($$
    select p.proname::text collate "default", has_function_privilege('anon', p.oid, 'execute'),
      has_function_privilege('authenticated', p.oid, 'execute'), has_function_privilege('service_role', p.oid, 'execute')
    from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname$$,
  'select * from expected order by function_name', 'FUN-01 every function of public is executable by exactly these roles');

create function pg_temp.call(name text) returns text language sql as $$
  select pg_temp.attempt(case name
    when 'claim_outbox' then 'select claim_outbox(1)'
    when 'commit_zoom_session' then 'select commit_zoom_session(gen_random_uuid(), gen_random_uuid(), ''{}'')'
    when 'mark_zoom_reconnect' then 'select mark_zoom_reconnect(gen_random_uuid(), gen_random_uuid())'
    when 'release_zoom_claim' then 'select release_zoom_claim(gen_random_uuid(), gen_random_uuid(), true)'
    when 'save_zoom_tokens' then
      'select save_zoom_tokens(gen_random_uuid(), ''r'', ''a'', ''r'', now(), ''s'')'
    when 'settle_outbox' then 'select settle_outbox(''[]'')'
    when 'zoom_grant' then 'select zoom_grant(gen_random_uuid())'
  end)
$$;

select pg_temp.as_anon();
select is(pg_temp.call(function_name), '42501', 'FUN-02 anon cannot call ' || function_name)
  from expected where not authenticated order by function_name;
select pg_temp.as_user('admin');
select is(pg_temp.call(function_name), '42501', 'FUN-03 nor can a signed-in user, even an admin, call ' || function_name)
  from expected where not authenticated order by function_name;
select pg_temp.as_service();
select is(pg_temp.call(function_name), '1 row', 'FUN-04 the service calls ' || function_name)
  from expected where not authenticated order by function_name;

select pg_temp.as_user('trainer');
select set_config('request.jwt.claims', '{"role": "service_role"}', true);
select is(pg_temp.attempt('select outbox_health()'), 'not_an_admin',
  'FUN-05 the database role counts for outbox_health, not what a token claims');

select * from finish();
rollback;
