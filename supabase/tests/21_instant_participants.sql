-- Threat: someone acts as, or sees, another participant of an instant session; comes in without the link, or past the
-- lock or the lobby; comes back though they were removed; or fills the session.
\ir support/people.psql
\ir support/instant_sessions.psql
select plan(121);

create function pg_temp.guest_sql(session text, returning_row boolean default false, name text default 'Guest')
returns text language sql as $$
  select format('insert into instant_session_participants (session_id, participant_name) values (%L, %L) %s',
    pg_temp.id(session), name, case when returning_row then 'returning *' else '' end)
$$;
create function pg_temp.update_sql(change text) returns text language sql as $$
  select 'update instant_session_participants set ' || change || ' where session_id = pg_temp.id(''open'')'
$$;
create function pg_temp.names(session text) returns text[] language sql as $$
  select coalesce(array_agg(participant_name order by participant_name), '{}') from instant_session_participants
  where session_id = pg_temp.id(session)
$$;

-- Coming in, signed in.
select pg_temp.as_user('stranger');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger')), '42501', 'PART-01 nobody comes in without the link');
select pg_temp.present(pg_temp.token('foreign'));
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger')), '42501', 'PART-02 or with another one');
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'client')), '42501', 'PART-03 or as somebody else');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'patient', 'Hijacked')), '42501',
  'PART-04 or over somebody''s row');
select is(pg_temp.attempt(pg_temp.guest_sql('open')), '42501', 'PART-05 or, signed in, as a guest');
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'stranger', '')), 'invalid_field', 'PART-06 or without a name');
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'stranger', repeat('x', 101))), 'invalid_field',
  'PART-07 or with a long one');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger', 'S')), '1 row',
  'PART-08 the link lets a signed-in user in');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger', 'S again')), '1 row',
  'PART-09 twice: in a second window');
select is(pg_temp.names('open'), array['Patient', 'S'], 'PART-10 as whom they came, and see who is there');
select is(pg_temp.attempt(pg_temp.update_sql('is_active = false')), '1 row',
  'PART-11 they leave');
select is((select left_at from instant_session_participants where user_id = pg_temp.id('stranger')), now(),
  'PART-12 which has a time');
select pg_temp.present(null);
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger')), '1 row',
  'PART-13 a participant comes back without the link');
select results_eq($$select is_active, left_at from instant_session_participants
    where user_id = pg_temp.id('stranger')$$,
  $$values (true, null::timestamptz)$$, 'PART-14 and is there again');
select is(pg_temp.attempt($$insert into instant_session_participants
    (session_id, user_id, participant_name, is_active, joined_at, left_at)
  values (pg_temp.id('open'), pg_temp.id('stranger'), 'S', true, '2001-01-01Z', null)
  on conflict (session_id, user_id) do update set session_id = excluded.session_id, user_id = excluded.user_id,
    participant_name = excluded.participant_name, is_active = excluded.is_active, joined_at = excluded.joined_at,
    left_at = excluded.left_at$$), '1 row', 'PART-15 an app may send its own times');
select is((select joined_at from instant_session_participants where user_id = pg_temp.id('stranger')), now(),
  'PART-16 which do not count');
select is(pg_temp.attempt(pg_temp.update_sql($$joined_at = '2001-01-01Z'$$)), '1 row', 'PART-17 nor later');
select is((select joined_at from instant_session_participants where user_id = pg_temp.id('stranger')), now(),
  'PART-18 in an update');

-- Acting as others.
select pg_temp.as_user('stranger');
select is(pg_temp.attempt(format('update instant_session_participants set %s
    where user_id = pg_temp.id(''patient'')', change)),
    '0 rows', 'PART-19 nobody changes another''s row: ' || change)
  from unnest(array['participant_name = ''x''', 'is_active = false']) as change;
select is(pg_temp.attempt($$delete from instant_session_participants where user_id = pg_temp.id('patient')$$), '0 rows',
  'PART-20 or deletes it');
select is(pg_temp.attempt(pg_temp.update_sql(change)), 'column_frozen',
    'PART-21 nobody turns their row into another: ' || change)
  from unnest(array['user_id = pg_temp.id(''client'')', 'user_id = null',
    'session_id = pg_temp.id(''foreign'')']) as change;
select is(pg_temp.attempt(pg_temp.update_sql(change)), '42501', 'PART-22 or writes what is the database''s: ' || change)
  from unnest(array['admitted_at = now()', 'guest_secret_hash = ''x''', 'id = gen_random_uuid()']) as change;
select is(pg_temp.visible_to(name, 'instant_session_participants'), '0',
    'PART-23 no participant is shown to the ' || name)
  from unnest(array['client', 'admin', 'trainer', 'operator']) as name;
select pg_temp.as_user('therapist');
select is(pg_temp.names('open'), array['Patient', 'S'], 'PART-24 the therapist sees who is there');
select is(pg_temp.attempt(pg_temp.update_sql($$participant_name = 'x'$$)), '0 rows', 'PART-25 but renames nobody');
select is(pg_temp.attempt(pg_temp.upsert_sql('locked', 'therapist', 'T')), '1 row',
  'PART-26 and enters without a link, through a lock');
select is(pg_temp.attempt(pg_temp.insert_sql('foreign', 'therapist')), '42501', 'PART-27 not the session of another');
select is(pg_temp.attempt($$delete from instant_session_participants where session_id = pg_temp.id('foreign')$$),
  '0 rows', 'PART-28 whose people they do not remove');

-- Guests.
select pg_temp.as_anon();
select pg_temp.present(null, pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.guest_sql('open')), '42501', 'PART-29 no guest comes in without the link');
select pg_temp.present(pg_temp.token('foreign'), pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.guest_sql('open')), '42501', 'PART-30 or with another one');
select pg_temp.present(pg_temp.token('locked'), pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.guest_sql('locked')), '42501', 'PART-31 or through a lock');
select pg_temp.present(pg_temp.token('open'), 'short');
select is(pg_temp.attempt(pg_temp.guest_sql('open')), 'invalid_field', 'PART-32 or with a short secret');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'client')), '42501', 'PART-33 or as a user');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'patient', 'Hijacked')), '42501', 'PART-34 or over a user''s row');
select is(pg_temp.attempt($$insert into instant_session_participants (session_id, participant_name, guest_secret_hash)
  values (pg_temp.id('open'), 'G', 'x')$$), '42501', 'PART-35 or with a hash of their own');
select is(pg_temp.attempt(pg_temp.guest_sql('open', true, 'Ann')), '1 row',
  'PART-36 the link lets a guest in, who reads their row');
select is(pg_temp.names('open'), array['Ann', 'Patient', 'S'], 'PART-37 and who is there');
select is(pg_temp.attempt(pg_temp.guest_sql('open')), '23505', 'PART-38 one secret is one guest');
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.attempt(pg_temp.guest_sql('open', false, 'Bob')), 'invalid_field',
  'PART-39 nobody could act for a guest without a secret: there is none');
select is(pg_temp.names('open'), '{}', 'PART-40 who has none sees nobody');
select is(pg_temp.attempt('update instant_session_participants set participant_name = ''x'''), '0 rows',
  'PART-42 which nobody else then changes');
select is(pg_temp.attempt('delete from instant_session_participants'), '0 rows', 'PART-43 or deletes');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('wrong'));
select is(pg_temp.names('open'), '{}', 'PART-44 another secret shows nobody');
select is(pg_temp.attempt(pg_temp.update_sql('is_active = false')), '0 rows', 'PART-45 and changes nobody');
select is(pg_temp.attempt('delete from instant_session_participants'), '0 rows', 'PART-46 and deletes nobody');
select pg_temp.present(null, pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.update_sql($$participant_name = 'Anna'$$)), '1 row', 'PART-47 nobody is');
select is((select participant_name from instant_session_participants where guest_secret_hash is not null), 'Ann',
  'PART-112 somebody else by another name');
select is(pg_temp.attempt(pg_temp.update_sql('is_active = false')), '1 row', 'PART-48 leaves');
select is(pg_temp.attempt(pg_temp.update_sql('is_active = true')), '1 row', 'PART-49 and returns');
select is(pg_temp.attempt(pg_temp.update_sql(change)), 'column_frozen',
    'PART-50 but does not become another: ' || change)
  from unnest(array['user_id = pg_temp.id(''patient'')', 'session_id = pg_temp.id(''foreign'')']) as change;
select pg_temp.present(null,
  (select guest_secret_hash from instant_session_participants where participant_name = 'Ann'));
select is(pg_temp.names('open'), '{}', 'PART-51 the hash that all see is no secret');
select pg_temp.as_owner();
update instant_sessions set locked = true where id = pg_temp.id('open');
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('guest'));
select is(pg_temp.visible('instant_sessions'), '1', 'PART-52 a lock does not keep a guest out who is in');
select is(pg_temp.join_outcome(pg_temp.token('open'), pg_temp.secret('guest'), 'Ann'), 'admitted',
  'PART-53 in any way they come');
select pg_temp.as_owner();
update instant_sessions set locked = false where id = pg_temp.id('open');

-- The lobby.
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('lobby'), pg_temp.secret('guest'));
select is(pg_temp.attempt(pg_temp.guest_sql('lobby', true, 'Ann')), '1 row', 'PART-54 a guest comes into the lobby');
select is((select admitted_at from instant_session_participants where session_id = pg_temp.id('lobby')), null,
  'PART-55 and knows that they wait');
select is(pg_temp.names('lobby'), array['Ann'], 'PART-56 not for whom');
select is(pg_temp.attempt($$update instant_session_participants set admitted_at = now()$$), '42501',
  'PART-57 nobody admits themself');
select is(pg_temp.attempt($$select admit_instant_participant(id) from instant_session_participants$$), '42501',
  'PART-58 or has it done');
select pg_temp.as_user('client');
select pg_temp.present(null);
select is(pg_temp.join_outcome(pg_temp.token('lobby'), null, 'Client'), 'waits', 'PART-59 signed-in users wait too');
select is(pg_temp.names('lobby'), array['Client'], 'PART-60 and see nobody');
select is(pg_temp.attempt($$select admit_instant_participant(id) from instant_session_participants
  where session_id = pg_temp.id('lobby')$$), 'participant_not_found', 'PART-61 and admit nobody');
select pg_temp.as_user('patient');
select is(pg_temp.names('lobby'), array['Ann', 'Client', 'Patient'], 'PART-62 who is in sees them wait');
select is(pg_temp.attempt_as('other_therapist', format('select admit_instant_participant(%L)', p.id)),
    'participant_not_found', 'PART-63 another therapist does not admit them')
  from instant_session_participants p where p.participant_name = 'Client';
select pg_temp.as_user('therapist');
select is(pg_temp.attempt('select admit_instant_participant(gen_random_uuid())'), 'participant_not_found',
  'PART-64 as if there were none');
select is((select array_agg(body order by body) from notifications where type = 'instant_participant_waiting'),
  array['Ann waits to be admitted to lobby', 'Client waits to be admitted to lobby'], 'PART-65 the therapist is told');
select is(pg_temp.attempt($$select admit_instant_participant(id) from instant_session_participants
  where session_id = pg_temp.id('lobby') and participant_name = 'Ann'$$), '1 row', 'PART-66 and admits');
select is(pg_temp.join_outcome(pg_temp.token('lobby')), 'admitted', 'PART-67 the therapist waits for nobody');
select pg_temp.as_anon();
select pg_temp.present(null, pg_temp.secret('guest'));
select is(pg_temp.names('lobby'), array['Ann', 'Client', 'Patient', 'Someone'],
  'PART-68 who was admitted sees who is there');
select is(pg_temp.join_outcome(pg_temp.token('lobby'), pg_temp.secret('guest'), 'Ann'), 'admitted',
  'PART-69 and stays admitted');
select is(pg_temp.join_outcome(pg_temp.token('lobby'), pg_temp.secret('second')), 'waits',
  'PART-70 not so who comes with another secret');

-- Being removed.
select pg_temp.as_user('therapist');
select is((select lobby from instant_sessions where id = pg_temp.id('open')), false,
  'PART-71 a session without a lobby');
select is(pg_temp.attempt($$delete from instant_session_participants where session_id = pg_temp.id('open')
  and user_id = pg_temp.id('stranger')$$), '1 row', 'PART-72 the therapist removes someone');
select is((select lobby from instant_sessions where id = pg_temp.id('open')), true,
  'PART-73 and now everyone new waits');
select pg_temp.as_user('stranger');
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.visible('instant_sessions'), '0', 'PART-74 who was removed does not see the session, with the link');
select is(pg_temp.visible('instant_session_participants'), '0', 'PART-75 or anyone in it');
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'stranger')), '42501', 'PART-76 or comes in');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'stranger')), '42501', 'PART-77 by an upsert');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'removed', 'PART-78 or by the function');
select is(pg_temp.attempt(format('select instant_session_by_token(%L)', pg_temp.token('open'))), 'removed',
  'PART-79 or looks at the link');
select is(pg_temp.attempt(format('select readmit_instant_participant(%L, %L)',
    pg_temp.id('open'), pg_temp.id('stranger'))),
  'session_not_found', 'PART-80 or readmits themself');
select pg_temp.as_anon();
select is(pg_temp.join_outcome(pg_temp.token('open'), pg_temp.secret('new')), 'waits',
  'PART-81 signed out, under a new name, they wait');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('newer'));
select is(pg_temp.attempt(pg_temp.guest_sql('open', true)), '1 row', 'PART-82 however they come');
select is((select admitted_at from instant_session_participants), null, 'PART-83 until they are admitted');
select pg_temp.as_service();
select is(pg_temp.attempt(pg_temp.insert_sql('open', 'stranger')), 'removed',
  'PART-84 the service does not bring them back by accident');
select is(pg_temp.attempt(pg_temp.insert_sql('locked', 'client')), 'session_locked', 'PART-85 or open a lock');
select is(pg_temp.attempt_as('other_therapist', format('select readmit_instant_participant(%L, %L)', pg_temp.id('open'),
  pg_temp.id('stranger'))), 'session_not_found', 'PART-86 another therapist readmits nobody');
select pg_temp.as_user('stranger');
select pg_temp.present(null, pg_temp.secret('new'));
select is(pg_temp.visible('instant_sessions'), '0',
  'PART-111 signed in, the secret of a guest they came back as does not show them the session');
select pg_temp.as_user('therapist');
select is(readmit_instant_participant(pg_temp.id('open'), pg_temp.id('stranger')), '{"status": "readmitted"}',
  'PART-87 the therapist does');
select pg_temp.as_user('stranger');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'waits', 'PART-88 then the link works, into the lobby');

-- A guest is removed; and leaving is not being removed.
select pg_temp.as_owner();
update instant_sessions set lobby = false where id = pg_temp.id('open');
select pg_temp.as_user('therapist');
delete from instant_session_participants where session_id = pg_temp.id('open') and participant_name = 'Ann';
select pg_temp.as_anon();
select is(pg_temp.join_outcome(pg_temp.token('open'), pg_temp.secret('guest'), 'Ann'), 'removed',
  'PART-89 a removed guest stays out, with the same secret');
select is(pg_temp.join_outcome(pg_temp.token('open'), pg_temp.secret('leaver'), 'Leaver'), 'waits',
  'PART-41 and with another they wait');
select pg_temp.as_owner();
update instant_sessions set lobby = false where id = pg_temp.id('open');
select pg_temp.as_user('patient');
select pg_temp.present(null);
select is(pg_temp.attempt($$delete from instant_session_participants where session_id = pg_temp.id('open')$$), '0 rows',
  'PART-90 a participant leaves by deleting their row');
select pg_temp.as_anon();
select pg_temp.present(null, pg_temp.secret('leaver'));
select is(pg_temp.attempt($$delete from instant_session_participants where session_id = pg_temp.id('open')$$), '0 rows',
  'PART-91 as does a guest');
select is(pg_temp.join_outcome(pg_temp.token('open'), pg_temp.secret('leaver')), 'admitted', 'PART-113 who may return');
select pg_temp.as_user('patient');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'admitted', 'PART-92 which closes the session to nobody');
select pg_temp.as_user('therapist');
delete from instant_session_participants where session_id = pg_temp.id('lobby') and user_id = pg_temp.id('therapist');
select is(pg_temp.join_outcome(pg_temp.token('lobby')), 'admitted', 'PART-93 therapists do not remove themselves');
select pg_temp.as_service();
delete from instant_session_participants where session_id = pg_temp.id('lobby') and user_id = pg_temp.id('therapist');
select pg_temp.as_user('therapist');
select is(pg_temp.join_outcome(pg_temp.token('lobby')), 'admitted',
  'PART-94 nor does anyone remove them from their own session');
select is((select count(*) from session_audit where session_id = pg_temp.id('open') and action = 'participant_removed'
  and actor_id = pg_temp.id('therapist')), 2::bigint, 'PART-95 the trail knows who was removed by them');
select pg_temp.as_owner();
delete from auth.users where id = pg_temp.id('patient');
select is((select lobby from instant_sessions where id = pg_temp.id('open')), false,
  'PART-96 an account that goes was not removed');

-- The functions, called by whom they are not for, and badly.
select pg_temp.as_anon();
select is(pg_temp.join_outcome(pg_temp.token('foreign'), secret), 'invalid_field',
    'PART-103 a guest needs a secret to join by the function')
  from unnest(array[null, '', 'short', repeat('x', 257)]) as secret;
select is(pg_temp.join_outcome(pg_temp.token('foreign'), pg_temp.secret('guest'), name), 'invalid_field',
    'PART-104 and a name')
  from unnest(array[null, '', repeat('x', 101)]) as name;
select is(pg_temp.attempt('select readmit_instant_participant(gen_random_uuid(), gen_random_uuid())'), '42501',
  'PART-105 anon readmits nobody');

-- What @supabase/lite does when it starts.
select pg_temp.as_owner();
grant all on all tables in schema public, private to anon, authenticated;
update instant_sessions set lobby = true where id = pg_temp.id('foreign');
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('foreign'), pg_temp.secret('last guest'));
select is(pg_temp.attempt($$insert into instant_session_participants
    (session_id, participant_name, admitted_at, guest_secret_hash, joined_at, is_active)
  values (pg_temp.id('foreign'), 'G', now(), 'x', '2001-01-01Z', false) returning *$$), '1 row',
  'PART-106 with table grants, what is sent');
select results_eq('select admitted_at, guest_secret_hash = ''x'', joined_at = now(), is_active
  from instant_session_participants',
  $$values (null::timestamptz, false, true, true)$$, 'PART-107 for the database''s columns does not count');
select is(pg_temp.attempt('update instant_session_participants set admitted_at = now(), guest_secret_hash = ''x'''),
  '1 row', 'PART-108 nor later');
select results_eq('select admitted_at, guest_secret_hash = ''x'' from instant_session_participants',
  $$values (null::timestamptz, false)$$, 'PART-109 and who waits still waits');
select pg_temp.as_user('stranger');
select is(pg_temp.attempt('delete from private.instant_session_removals'), '0 rows', 'PART-110 nobody ends a removal');

select * from finish();
rollback;
