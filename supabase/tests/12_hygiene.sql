-- Threat: a later migration forgets a rule that holds everywhere. Supabase's own linter, splinter
-- (https://supabase.github.io/splinter/), as far as it applies, and more strictly. That no two policies recurse is
-- shown by 50_access_matrix.sql, which selects from every table as every role.
\ir support/people.psql
select plan(32);

create function pg_temp.ours(namespace oid) returns boolean language sql stable as $$
  select namespace in ('public'::regnamespace, 'private'::regnamespace)
$$;

-- Tables

select is_empty($$select c.oid::regclass from pg_class c
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity$$,
  'HYG-01 row-level security is on for every table');

select is_empty($$select f.conrelid::regclass, f.conname from pg_constraint f
  where f.contype = 'f' and pg_temp.ours(f.connamespace) and not exists (
    select from pg_index i where i.indrelid = f.conrelid and i.indpred is null
      and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] operator(pg_catalog.@>) f.conkey)$$,
  'HYG-02 every foreign key leads an index');

select is_empty($$select c.oid::regclass from pg_class c
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'p') and not exists (
    select from pg_index i where i.indrelid = c.oid and i.indisprimary)$$,
  'HYG-15 every table has a primary key');

select is_empty($$select i.indrelid::regclass, array_agg(i.indexrelid::regclass)
  from pg_index i join pg_class c on c.oid = i.indexrelid where pg_temp.ours(c.relnamespace)
  group by i.indrelid, c.relam, i.indkey::text, i.indclass::text, i.indoption::text, i.indcollation::text,
    i.indexprs::text, i.indpred::text having count(*) > 1$$, 'HYG-16 no two indexes are the same');

select is_empty($$select i.indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indexrelid
  where pg_temp.ours(c.relnamespace) and not i.indisvalid$$, 'HYG-31 no index is invalid');

select is_empty($$select c.oid::regclass, c.relkind from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('m', 'f')$$,
  'HYG-17 no materialized view and no foreign table, which know no policies, is exposed');

select is_empty($$select c.oid::regclass from pg_class c
  where pg_temp.ours(c.relnamespace) and c.relkind = 'v' and not exists (
    select from unnest(c.reloptions) o where o in ('security_invoker=on', 'security_invoker=true'))$$,
  'HYG-18 a view reads with the rights of whoever asks');

select is_empty($$select attrelid::regclass, attname from pg_attribute join pg_class c on c.oid = attrelid
  where pg_temp.ours(c.relnamespace) and attnum > 0 and atttypid::regtype::text ~ '^reg(?!class|role|type)'$$,
  'HYG-19 no column is of a type that stops an upgrade of PostgreSQL');

select is_empty($$select extname from pg_extension where extnamespace = 'public'::regnamespace$$,
  'HYG-20 no extension is in public');

-- Functions

select is_empty($$select p.oid::regprocedure from pg_proc p
  where pg_temp.ours(p.pronamespace) and not exists (
    select from unnest(p.proconfig) c where c = 'search_path=""')$$,
  'HYG-03 every function has an empty search_path');

create temporary table definers (function text, executed_by text, reason text);
insert into definers values
  ('private.admitted_instant_session_ids', 'anon, authenticated',
    'policies of sessions and participants would recurse; guests are anon'),
  ('private.count_meeting', 'authenticated', 'no client writes counts'),
  ('private.creates_virtual_sessions', 'authenticated', 'whatever policies the app''s profiles have'),
  ('private.enterable_instant_session_ids', 'anon, authenticated', 'nobody reads who was removed; guests are anon'),
  ('private.first_readable_host', 'authenticated', 'asks whether the caller is an admin'),
  ('private.last_readable_host', 'authenticated', 'asks whether the caller is an admin'),
  ('private.hosted_session_ids', 'authenticated', 'policies of sessions and participants would recurse'),
  ('private.hosted_virtual_session_ids', 'authenticated', 'policies of sessions and registrations would recurse'),
  ('private.instant_admission', 'anon, authenticated', 'a newcomer does not read the session yet; guests are anon'),
  ('private.instant_readmission', 'anon, authenticated', 'nobody reads who was removed; guests are anon'),
  ('private.is_host', 'authenticated', 'nobody reads host_roles'),
  ('private.is_my_client', 'authenticated', 'whatever policies the app''s leads have'),
  ('private.is_my_conversation', 'authenticated', 'whatever policies the app''s conversations have'),
  ('private.is_own_meeting', 'authenticated', 'whatever policies the app''s clients have'),
  ('private.joined_instant_session_ids', 'anon, authenticated',
    'policies of sessions and participants would recurse; guests are anon'),
  ('private.joined_session_ids', 'authenticated', 'policies of sessions and participants would recurse'),
  ('private.joined_virtual_session_ids', 'authenticated', 'policies of sessions and registrations would recurse'),
  ('private.linked_instant_session_ids', 'anon, authenticated',
    'nobody reads who was removed; the link is for guests too'),
  ('private.my_client_ids', 'authenticated', 'whatever policies the app''s clients have'),
  ('private.my_contact_ids', 'authenticated', 'policies of profiles and leads would recurse'),
  ('private.my_operator_id', 'authenticated', 'whatever policies the app''s clients have'),
  ('private.operated_client_ids', 'authenticated', 'whatever policies the app''s clients have'),
  ('private.virtual_room_ids', 'authenticated', 'policies of sessions and rooms would recurse'),
  ('public.admit_instant_participant', 'authenticated', 'no client writes admitted_at'),
  ('public.begin_session_change', 'authenticated', 'no client writes effects and leases'),
  ('public.change_instant_session', 'authenticated', 'locks the session before it asks whose it is'),
  ('public.change_video_meeting', 'authenticated', 'no client writes meetings'),
  ('public.change_virtual_session', 'authenticated', 'locks the session before it asks whose it is'),
  ('public.create_instant_session', 'authenticated', 'no client writes keys and limits'),
  ('public.create_meeting', 'authenticated', 'no client writes keys'),
  ('public.create_video_session', 'authenticated', 'no client writes keys and claims'),
  ('public.dismiss_instant_participant', 'authenticated', 'no client writes who was removed'),
  ('public.end_meeting', 'authenticated', 'no client writes effects and leases'),
  ('public.instant_session_by_token', 'anon, authenticated',
    'who only has the link reads no session; it is for guests too'),
  ('public.instant_session_status', 'anon, authenticated',
    'no client writes limits; it is for guests too'),
  ('public.join_instant_session', 'anon, authenticated',
    'who only has the link reads no session; it is for guests too'),
  ('public.join_meeting', 'authenticated', 'no client writes rooms and limits'),
  ('public.join_virtual_session', 'authenticated', 'no client writes limits'),
  ('public.leave_instant_session', 'anon, authenticated', 'the link alone reads no row; it is for guests too'),
  ('public.open_meeting_room', 'authenticated', 'no client writes what a room is called'),
  ('public.outbox_health', 'authenticated', 'admins do not read the outbox itself'),
  ('public.readmit_instant_participant', 'authenticated', 'no client writes who was removed'),
  ('public.readmit_to_meeting', 'authenticated', 'no client writes who was removed'),
  ('public.readmit_to_virtual_session', 'authenticated', 'no client writes seats'),
  ('public.register_for_virtual_session', 'authenticated', 'no client writes seats'),
  ('public.remove_from_meeting', 'authenticated', 'no client writes who was removed'),
  ('public.remove_from_virtual_session', 'authenticated', 'no client writes seats'),
  ('public.remove_instant_participant', 'authenticated', 'no client writes who was removed'),
  ('public.send_session_invite', 'authenticated', 'no client writes notifications and limits'),
  ('public.start_meeting', 'authenticated', 'no client writes what a room is called'),
  ('public.unregister_from_virtual_session', 'authenticated', 'no client writes seats');
select results_eq($$select (p.pronamespace::regnamespace || '.' || p.proname) collate "C",
    case when has_function_privilege('anon', p.oid, 'execute') then 'anon, ' else '' end || 'authenticated' collate "C"
  from pg_proc p where pg_temp.ours(p.pronamespace) and p.prosecdef
    and (has_function_privilege('anon', p.oid, 'execute') or has_function_privilege('authenticated', p.oid, 'execute'))
  order by 1$$, 'select function collate "C", executed_by collate "C" from definers order by 1',
  'HYG-04 clients execute a security definer function only for a reason that is given here');

select is_empty($$select p.oid::regprocedure from pg_proc p
  where pg_temp.ours(p.pronamespace) and p.prosecdef and p.proowner <> (
    select c.relowner from pg_class c where c.oid = 'public.video_sessions'::regclass)$$,
  'HYG-05 and all of them have one owner, that of the tables');

select is_empty($$select p.oid::regprocedure from pg_proc p
  where pg_temp.ours(p.pronamespace) and p.prosrc ~ 'user_metadata'$$,
  'HYG-21 no function believes what users can write about themselves');

-- Policies

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and cmd <> 'SELECT'
    and (qual ~ '^\(*(true|1 = 1)\)*$' or with_check ~ '^\(*(true|1 = 1)\)*$'
      or (permissive = 'PERMISSIVE' and coalesce(qual, with_check) is null))$$,
  'HYG-06 no write policy is always true');

select is_empty($$select tablename, policyname from pg_policies where schemaname = 'public' and cmd = 'ALL'$$,
  'HYG-07 every policy is for one command');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and 'public' = any (roles)$$, 'HYG-08 every policy names its role');

-- Apps know these by name.
create temporary table named_policies as select unnest(array[
  'instant_sessions_select_therapist', 'instant_sessions_select_participant', 'instant_sessions_select_shared_link',
  'instant_sessions_select_by_id', 'instant_participants_select_by_session',
  'instant_participants_insert_authenticated', 'instant_participants_insert_anon', 'instant_participants_update_own',
  'instant_participants_delete_own', 'instant_participants_delete_therapist', 'meetings_select_owner',
  'meetings_select_operator', 'meetings_insert_authenticated', 'meetings_update_operator']) as policyname;
select is_empty($$select tablename, cmd, r from pg_policies, unnest(roles) r
  where schemaname = 'public' and permissive = 'PERMISSIVE' group by 1, 2, 3
  having count(*) > 1 and not bool_and(policyname in (select n.policyname from named_policies n))$$,
  'HYG-09 no two policies for one role and command, but where their names are fixed');
select is_empty($$select policyname from named_policies except select policyname from pg_policies$$,
  'HYG-22 the policies with fixed names are there');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public'
    and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT (auth\.\w+|current_setting)\(', '', 'g')
      ~ '(auth\.|current_setting)'$$,
  'HYG-10 auth functions and settings are asked once a query, not once a row');

-- A policy for one new row may well ask about that row.
select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and cmd <> 'INSERT'
    and regexp_replace(qual, 'SELECT private\.\w+\(', '', 'g') ~ 'private\.'$$,
  'HYG-23 nor is a helper');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and coalesce(qual, '') || coalesce(with_check, '') ~ 'user_metadata'$$,
  'HYG-24 no policy believes what users can write about themselves');

select is_empty($$select tablename, policyname from pg_policies
  where schemaname = 'public' and qual ~ '(uid|jwt|role|current_setting)\)? IS NULL'$$,
  'HYG-30 no policy opens a table to whoever is not signed in by asking for no user');

select is_empty($$select tablename, cmd from pg_policies
  where schemaname = 'public' and cmd = 'UPDATE' and with_check is null$$,
  'HYG-11 every update policy checks the new row too');

select is_empty($$select p.polrelid::regclass, p.polname from pg_policy p join pg_class c on c.oid = p.polrelid
  where pg_temp.ours(c.relnamespace) and not c.relrowsecurity$$,
  'HYG-25 no policy waits for row-level security to be on');

select is_empty($$select c.oid::regclass from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not exists (
    select from pg_policy p where p.polrelid = c.oid and p.polpermissive)$$,
  'HYG-26 what no client may see is in private: every table of public has a policy');

-- Privileges

-- What guests need, and the group sessions that anyone may see.
create temporary table anon_privileges as select unnest(array[
  'instant_session_participants delete', 'instant_session_participants insert', 'instant_session_participants select',
  'instant_session_participants update', 'instant_sessions select', 'virtual_sessions select']) as privilege;
select results_eq($$select distinct c.oid::regclass::text collate "C" || ' ' || lower(a.privilege_type)
  from pg_class c left join pg_attribute t on t.attrelid = c.oid,
    aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)) || coalesce(t.attacl, '{}')) a
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'v', 'm', 'p') and a.grantee = 'anon'::regrole
  order by 1$$, 'select privilege collate "C" from anon_privileges order by 1',
  'HYG-12 anon has exactly these table privileges');

select is_empty($$select c.relname, a.privilege_type from pg_class c,
    aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'v', 'm', 'p') and a.grantee = 0$$,
  'HYG-27 and public none');

select is_empty($$select c.relname, a.privilege_type from pg_class c, aclexplode(c.relacl) a
  where pg_temp.ours(c.relnamespace) and c.relkind in ('r', 'v', 'm', 'p')
    and a.grantee in ('anon'::regrole, 'authenticated'::regrole)
    and a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')$$,
  'HYG-13 clients have no privilege to truncate, reference or trigger');

select is_empty($$select r from unnest(array['anon', 'authenticated']) r
  where has_schema_privilege(r, 'private', 'create')$$, 'HYG-14 clients create nothing in private');

select is_empty($$select p.oid::regprocedure from pg_proc p,
    aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  where pg_temp.ours(p.pronamespace) and a.grantee = 0$$, 'HYG-28 no function is executable by public');

select is_empty($$select c.oid::regclass from pg_class c
  where pg_temp.ours(c.relnamespace) and c.relkind = 'S'
    and (has_sequence_privilege('anon', c.oid, 'usage, select, update')
      or has_sequence_privilege('authenticated', c.oid, 'usage, select, update'))$$,
  'HYG-29 clients use no sequence');

-- It could be one that was deleted, to which notifications and Idempotency-Keys still lead. A trigger replaces those of
-- participants, which apps send with an upsert.
select is_empty($$select a.attrelid::regclass, r from pg_attribute a join pg_class c on c.oid = a.attrelid,
    unnest(array['anon', 'authenticated']) r
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'id'
    and a.attrelid <> 'public.instant_session_participants'::regclass
    and has_column_privilege(r, a.attrelid, a.attnum, 'insert')$$,
  'HYG-32 clients choose no id');

select * from finish();
rollback;
