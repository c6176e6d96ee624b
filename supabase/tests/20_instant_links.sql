-- Threat: someone finds, lists or opens an instant session without its link, or learns from the answers which links
-- exist, existed, or are locked to others.
\ir support/people.psql
\ir support/instant_sessions.psql
select plan(107);

create function pg_temp.by_token(token text) returns text language plpgsql as $$
begin
  return instant_session_by_token(token) ->> 'session_name';
exception
  -- Everything the caller can tell answers apart by.
  when sqlstate 'PGRST' then return sqlerrm;
  when others then return sqlstate;
end
$$;
create temporary table bad_links (name text, token text);
grant select on bad_links to public;
insert into bad_links values ('unknown', repeat('0', 64)), ('ended', pg_temp.token('ended')),
  ('expired', pg_temp.token('expired')), ('half', left(pg_temp.token('open'), 32)), ('empty', ''), ('null', null),
  ('like', '%'), ('upper-case', upper(pg_temp.token('open'))), ('the id', pg_temp.id('open')::text);

-- Without a link.
select pg_temp.as_anon();
select is(pg_temp.visible('instant_sessions'), '0', 'LINK-01 anon lists no session');
select is(pg_temp.visible($$instant_sessions where session_token like '%'$$), '0', 'LINK-02 with no filter');
select is(pg_temp.visible($$instant_sessions where id = pg_temp.id('open')$$), '0', 'LINK-03 nor by its id');
select is(pg_temp.visible($$instant_sessions where session_token = pg_temp.token('open')$$), '0',
  'LINK-04 a token in the query, where logs keep it, opens nothing');
select is(pg_temp.visible('instant_session_participants'), '0', 'LINK-05 anon lists no participant');
select set_config('request.headers', '', true);
select is(pg_temp.visible('instant_sessions'), '0', 'LINK-06 no headers at all are no link');
select is(pg_temp.visible_to(name, 'instant_sessions'), '0', 'LINK-07 no list for a ' || name)
  from unnest(array['stranger', 'student', 'trainer', 'admin', 'premium', 'operator']) as name;
select pg_temp.as_user('stranger');
select is(pg_temp.visible($$instant_sessions where id = pg_temp.id('open')$$), '0',
  'LINK-08 signed in, an id is no link');
select is(pg_temp.visible('instant_session_participants'), '0', 'LINK-09 and shows no participant');
select pg_temp.as_user('other_therapist');
select results_eq('select session_name from instant_sessions', array['foreign'],
  'LINK-10 another therapist lists their own alone');
select is(pg_temp.visible('instant_session_participants'), '1', 'LINK-11 and who is in it');

-- With one.
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('open'));
select results_eq('select session_name from instant_sessions', array['open'],
  'LINK-12 a link shows one session, without a filter');
select is(pg_temp.visible('instant_session_participants'), '0', 'LINK-13 and nobody''s name');
select is(pg_temp.visible($$instant_sessions where id = pg_temp.id('foreign')$$), '0', 'LINK-14 no other session');
select pg_temp.as_user('stranger');
select results_eq('select session_name from instant_sessions', array['open'],
  'LINK-15 signed in, it shows that one too');
select is(pg_temp.visible('instant_session_participants'), '0', 'LINK-16 and nobody''s name');
select is(pg_temp.attempt($$update instant_sessions set session_name = 'Mine'$$), '0 rows',
  'LINK-17 it does not rename');
select is(pg_temp.attempt('delete from instant_sessions'), '0 rows', 'LINK-18 or delete');
select pg_temp.as_user('therapist');
select is(pg_temp.attempt($$update instant_sessions set session_name = 'Mine' where id = pg_temp.id('foreign')$$),
  '0 rows', 'LINK-19 nor does another therapist');
select pg_temp.as_anon();
select is(pg_temp.attempt($$update instant_sessions set session_name = 'Mine'$$), '42501',
  'LINK-20 a guest changes no session');

select pg_temp.as_anon();
select is(pg_temp.visible_with(token, 'instant_sessions'), '0', 'LINK-21 no session for a link that is ' || name)
  from bad_links;
select pg_temp.present(pg_temp.token('locked'));
select is(pg_temp.visible('instant_sessions'), '0', 'LINK-22 or locked, for anon');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('instant_sessions'), '0', 'LINK-23 for a newcomer who is signed in');
select is(pg_temp.visible_with(token, 'instant_sessions'), '0',
    'LINK-24 signed in, no session for a link that is ' || name)
  from bad_links;

-- The same through functions, whose refusals have to be one.
select pg_temp.present(null);
select is(pg_temp.by_token(pg_temp.token('open')), 'open', 'LINK-25 the function opens a link');
select is(pg_temp.by_token(token), pg_temp.by_token('nonsense'), 'LINK-26 one answer for a link that is ' || name)
  from bad_links;
select pg_temp.as_anon();
select is(pg_temp.by_token(pg_temp.token('open')), 'open', 'LINK-27 for anon too');
select is(pg_temp.by_token(token), pg_temp.by_token('nonsense'),
    'LINK-28 anon gets one answer for a link that is ' || name)
  from bad_links;
select is(pg_temp.by_token('nonsense')::json ->> 'code', 'session_not_found', 'LINK-29 which is "not found"');
select is(pg_temp.join_outcome(token, pg_temp.secret('guest')), 'session_not_found',
    'LINK-30 and nobody joins one that is ' || name)
  from bad_links;
select is(pg_temp.by_token(pg_temp.token('locked'))::json ->> 'code', 'session_locked',
  'LINK-31 a newcomer is told of a lock');
select is(pg_temp.join_outcome(pg_temp.token('locked'), pg_temp.secret('guest')), 'session_locked',
  'LINK-32 and stays out');
select is((select array_agg(k collate "default" order by k)
    from jsonb_object_keys(instant_session_by_token(pg_temp.token('open'))) k),
  array['expires_at', 'id', 'lobby', 'locked', 'session_name'], 'LINK-33 a link tells of nobody in the session');
select pg_temp.as_owner();
update instant_sessions set locked = true where id = pg_temp.id('expired');
select pg_temp.as_anon();
select is(pg_temp.by_token(pg_temp.token('expired')), pg_temp.by_token('nonsense'),
  'LINK-34 locked and expired is not found');

-- Members.
select pg_temp.as_user('patient');
select results_eq('select session_name from instant_sessions order by 1', array['ended', 'lobby', 'locked', 'open'],
  'LINK-35 a participant keeps their sessions, locked and ended ones too');
select is(pg_temp.by_token(pg_temp.token('locked')), 'locked', 'LINK-36 and their link through a lock');
select pg_temp.as_user('therapist');
select is(pg_temp.by_token(pg_temp.token('locked')), 'locked', 'LINK-37 as does the therapist');

-- Making sessions and tokens.
create function pg_temp.create_sql(columns text default '', vals text default '', host text default 'therapist')
returns text language sql as $$
  select format('insert into instant_sessions (session_name, therapist_id%s) values (''N'', %L%s) returning *',
    columns, pg_temp.id(host), vals)
$$;
select is(pg_temp.attempt(pg_temp.create_sql()), '1 row', 'LINK-38 a therapist creates a session');
select is(pg_temp.attempt(pg_temp.create_sql(', session_token', ', ''guessable''')), '1 row',
  'LINK-39 what they send as a token');
select is(pg_temp.visible($$instant_sessions where session_token = 'guessable'$$), '0', 'LINK-40 is not used');
select is((select count(distinct session_token) from instant_sessions
    where session_name = 'N' and session_token ~ '^[0-9a-f]{64}$'),
  2::bigint, 'LINK-41 each has a random one of its own');
select is(pg_temp.attempt(replace(pg_temp.create_sql(host => 'other_therapist'), 'returning *', '')), '42501',
  'LINK-42 none in another''s name');
select is(pg_temp.attempt(pg_temp.create_sql(', is_active', ', false')), '42501', 'LINK-43 none that is over');
select is(pg_temp.attempt($$update instant_sessions set session_token = 'guessable'$$), '42501',
  'LINK-44 no token is changed');
select is(pg_temp.attempt($$insert into instant_sessions (session_name, therapist_id)
    values ('', pg_temp.id('therapist'))$$),
  'invalid_field', 'LINK-45 a session has a name');
select is(pg_temp.attempt($$update instant_sessions set session_name = repeat('x', 201)$$), 'invalid_field',
  'LINK-46 of 200 characters');
select is(pg_temp.attempt_as(name, pg_temp.create_sql(host => name)), '42501',
    'LINK-47 no session is made by a ' || name)
  from unnest(array['patient', 'tutor', 'trainer', 'admin', 'premium', 'operator']) as name;
select pg_temp.as_anon();
select is(pg_temp.attempt(pg_temp.create_sql()), '42501', 'LINK-48 or by anon');

-- What @supabase/lite does when it starts.
select pg_temp.as_owner();
grant all on all tables in schema public, private to anon, authenticated;
select pg_temp.as_anon();
select is(pg_temp.visible('instant_sessions'), '0', 'LINK-49 with table grants anon still lists nothing');
select is(pg_temp.attempt(pg_temp.create_sql()), '42501', 'LINK-50 and makes nothing');
select is(pg_temp.visible('private.instant_session_removals'), '0', 'LINK-51 and sees no removal');
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.attempt('update instant_sessions set locked = true'), '0 rows',
  'LINK-52 a link does not change a session');
select is(pg_temp.attempt('delete from instant_sessions'), '0 rows', 'LINK-53 or delete it');
select pg_temp.as_user('therapist');
select is(pg_temp.attempt(format('update instant_sessions set %s where id = pg_temp.id(''open'')', change)),
    'column_frozen', 'LINK-54 a therapist cannot change it: ' || change)
  from unnest(array['session_token = ''guessable''', 'therapist_id = pg_temp.id(''other_therapist'')',
    'id = gen_random_uuid()', 'created_at = now() - interval ''1 day''']) as change;

select * from finish();
rollback;
