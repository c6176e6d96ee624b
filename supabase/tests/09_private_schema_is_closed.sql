-- Threat: a client reads or writes what is in `private`: sealed claims, outbox payloads, leases, configuration.
\ir support/people.psql
\ir support/zoom.psql
select plan(18);

select pg_temp.as_user('trainer');
select pg_temp.create_session(pg_temp.zoom_request(), 'secret-key');
select pg_temp.as_service();
select zoom_grant(pg_temp.id('trainer'), 'sealed access');
select pg_temp.as_owner();

create function pg_temp.private_tables() returns setof text language sql security definer as $$
  select c.oid::regclass::text from pg_class c
  where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1
$$;
select results_eq('select pg_temp.private_tables()', array['private.host_roles', 'private.idempotency_keys',
    'private.instant_session_removals', 'private.meeting_rooms', 'private.outbox', 'private.passcode_attempts',
    'private.rate_limits', 'private.used_zoom_states', 'private.video_guest_secrets', 'private.zoom_meeting_changes',
    'private.zoom_meetings', 'private.zoom_refresh_leases'],
  'PRIV-01 the tables of private are the known ones');
select is_empty($$select t, r, p from pg_temp.private_tables() t, unnest(array['anon', 'authenticated']) r,
    unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
    where has_table_privilege(r, t, p)$$, 'PRIV-02 clients have no privilege on any of them');
select is_empty($$select relname from pg_class where relnamespace = 'private'::regnamespace and relkind = 'r'
    and not relrowsecurity$$, 'PRIV-03 row-level security is on for all');
select is_empty($$select policyname from pg_policies where schemaname = 'private'$$, 'PRIV-04 and no policy opens one');
create function pg_temp.helpers_of(role text) returns setof text language sql as $$
  select p.proname::text collate "default" from pg_proc p where p.pronamespace = 'private'::regnamespace
    and has_function_privilege(role, p.oid, 'execute') order by 1
$$;
select results_eq($$select pg_temp.helpers_of('anon')$$,
  array['admitted_instant_session_ids', 'enterable_instant_session_ids', 'guest_secret_hash', 'hash_guest_secret',
    'instant_admission', 'instant_readmission', 'is_visible_line', 'joined_instant_session_ids',
    'linked_instant_session_ids', 'overdue_before', 'own_guest_hash', 'refuse'],
  'PRIV-05 anon executes what lets guests into instant sessions, and the refusal itself');
select results_eq($$select pg_temp.helpers_of('authenticated')$$,
  array['admitted_instant_session_ids', 'check_video_session', 'count_meeting', 'creates_virtual_sessions',
    'enterable_instant_session_ids', 'first_readable_host', 'guest_secret_hash', 'hash_guest_secret',
    'hosted_session_ids', 'hosted_virtual_session_ids', 'instant_admission', 'instant_readmission', 'is_host', 'is_my_client',
    'is_my_conversation', 'is_own_meeting', 'is_plain_text', 'is_timezone', 'is_visible_line', 'joined_instant_session_ids', 'joined_session_ids',
    'joined_virtual_session_ids', 'last_readable_host', 'linked_instant_session_ids', 'my_client_ids',
    'my_contact_ids', 'my_operator_id', 'operated_client_ids', 'overdue_before', 'own_guest_hash', 'refuse',
    'virtual_room_ids'],
  'PRIV-06 a signed-in user executes the helpers of policies and triggers alone');

select pg_temp.as_user('trainer');
select is(pg_temp.visible('private.outbox'), '42501', 'PRIV-07 a host cannot read the outbox');
select is(pg_temp.visible('private.idempotency_keys'), '42501', 'PRIV-08 or keys');

-- What @supabase/lite does when it starts.
select pg_temp.as_owner();
grant usage on schema private to anon, authenticated;
grant all on all tables in schema private to anon, authenticated;
select pg_temp.as_user('trainer');
select is_empty($$select t from pg_temp.private_tables() t where pg_temp.visible(t) <> '0'$$,
  'PRIV-09 with table grants a host still sees no row, not even of their own claim');
select is(pg_temp.attempt($$insert into private.outbox (kind, host_id, payload)
    values ('zoom.delete_meeting', pg_temp.id('trainer'), '{"meeting_id": "1"}')$$), '42501',
  'PRIV-10 and enqueues no effect');
select is(pg_temp.attempt($$insert into private.host_roles values ('client')$$), '42501',
  'PRIV-11 and adds no host role');
select is(pg_temp.attempt($$update private.outbox set lease_id = null$$), '0 rows', 'PRIV-12 and ends no lease');
select is(pg_temp.attempt($$delete from private.zoom_refresh_leases$$), '0 rows', 'PRIV-13 of either kind');
select is(pg_temp.attempt($$delete from private.idempotency_keys$$), '0 rows', 'PRIV-14 and frees no key');
select pg_temp.as_anon();
select is_empty($$select t from pg_temp.private_tables() t where pg_temp.visible(t) <> '0'$$,
  'PRIV-15 anon sees none either');

select is(pg_temp.attempt('delete from private.instant_session_removals'), '0 rows', 'PRIV-16 and readmits nobody');
select is(pg_temp.attempt('delete from private.passcode_attempts'), '0 rows', 'PRIV-17 and makes no try undone');

select is(pg_temp.attempt('delete from private.rate_limits'), '0 rows', 'PRIV-18 and resets no limit');

select * from finish();
rollback;
