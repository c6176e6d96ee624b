-- Threat: a client calls what only the service, or only a signed-in user, may call. The list,
-- support/access_functions.psql, is complete: a function that is added to `public` has to be added there.
\ir support/people.psql
\ir support/access_functions.psql
select plan((3 + 3 * (select count(*) from access_functions where not authenticated))::integer);

select results_eq($$
    select p.proname::text collate "default", has_function_privilege('anon', p.oid, 'execute'),
      has_function_privilege('authenticated', p.oid, 'execute'),
      has_function_privilege('service_role', p.oid, 'execute')
    from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname collate "C"$$,
  $$select function_name, anon, authenticated, service_role from access_functions order by function_name collate "C"$$,
  'FUN-01 every function of public is executable by exactly these roles');
select is_empty($$select function_name from access_functions where not authenticated and call is null$$,
  'FUN-06 each of the service alone is attempted');

create function pg_temp.call(name text) returns text language sql as $$
  select pg_temp.attempt('select ' || call) from access_functions where function_name = name
$$;

select pg_temp.as_anon();
select is(pg_temp.call(function_name), '42501', 'FUN-02 anon cannot call ' || function_name)
  from access_functions where not authenticated order by function_name;
select pg_temp.as_user('admin');
select is(pg_temp.call(function_name), '42501', 'FUN-03 nor can a user, even an admin, call ' || function_name)
  from access_functions where not authenticated order by function_name;
select pg_temp.as_service();
select matches(pg_temp.call(function_name), '^(1 row|(meeting|booking)_not_found)$', 'FUN-04 the service calls ' || function_name)
  from access_functions where not authenticated order by function_name;

select pg_temp.as_user('trainer');
select set_config('request.jwt.claims', '{"role": "service_role"}', true);
select is(pg_temp.attempt('select outbox_health()'), 'not_an_admin',
  'FUN-05 the database role counts for outbox_health, not what a token claims');

select * from finish();
rollback;
