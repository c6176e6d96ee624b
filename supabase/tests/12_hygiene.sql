-- Threat: a later migration forgets a rule that holds everywhere. After Supabase's own linter, splinter
-- (https://supabase.github.io/splinter/).
\ir support/people.psql
select plan(14);

create function pg_temp.ours(namespace oid) returns boolean language sql stable as $$
  select namespace in ('public'::regnamespace, 'private'::regnamespace)
$$;

select is_empty($$select c.oid::regclass from pg_class c
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity$$,
  'HYG-01 row-level security is on for every table');

select is_empty($$select f.conrelid::regclass, f.conname from pg_constraint f
  where f.contype = 'f' and pg_temp.ours(f.connamespace) and not exists (
    select from pg_index i where i.indrelid = f.conrelid
      and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] operator(pg_catalog.@>) f.conkey)$$,
  'HYG-02 every foreign key leads an index');

select is_empty($$select p.oid::regprocedure from pg_proc p
  where pg_temp.ours(p.pronamespace) and not exists (
    select from unnest(p.proconfig) c where c = 'search_path=""')$$,
  'HYG-03 every function has an empty search_path');

select is_empty($$select p.oid::regprocedure from pg_proc p
  where pg_temp.ours(p.pronamespace) and p.prosecdef and has_function_privilege('anon', p.oid, 'execute')$$,
  'HYG-04 anon executes no security definer function');

select is((select array_agg(p.proname::text order by p.proname::text) from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef),
  array['create_video_session', 'outbox_health'], 'HYG-05 the security definer functions of public are the known ones');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and cmd <> 'SELECT'
    and (coalesce(qual, '') = 'true' or coalesce(with_check, '') = 'true')$$,
  'HYG-06 no write policy is always true');

select is_empty($$select tablename, policyname from pg_policies where schemaname = 'public' and cmd = 'ALL'$$,
  'HYG-07 every policy is for one command');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and roles = '{public}'$$, 'HYG-08 every policy names its role');

select is_empty($$select tablename, cmd, r from pg_policies, unnest(roles) r
  where schemaname = 'public' and permissive = 'PERMISSIVE' group by 1, 2, 3 having count(*) > 1$$,
  'HYG-09 no two policies for one role and command');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public'
    and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT auth\.uid\(\)', '', 'g') ~ 'auth\.'$$,
  'HYG-10 auth functions are asked once a query, not once a row');

select is_empty($$select tablename, cmd from pg_policies
  where schemaname = 'public' and cmd = 'UPDATE' and with_check is null$$,
  'HYG-11 every update policy checks the new row too');

select is_empty($$select c.relname, a.privilege_type from pg_class c,
    aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'v', 'm', 'p')
    and a.grantee in (0, 'anon'::regrole)$$, 'HYG-12 public and anon have no table privilege');

select is_empty($$select c.relname, a.privilege_type from pg_class c, aclexplode(c.relacl) a
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'v', 'm', 'p') and a.grantee = 'authenticated'::regrole
    and a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')$$,
  'HYG-13 signed-in users have no privilege to truncate, reference or trigger');

select is(has_schema_privilege('authenticated', 'private', 'create') or has_schema_privilege('anon', 'private', 'create'),
  false, 'HYG-14 clients create nothing in private');

select * from finish();
rollback;
