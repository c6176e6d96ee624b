-- Threat: by the functions of instant sessions, someone makes a session without the right to, learns of one or stays in one
-- that they have no part in, acts for another guest, rules a session that is not theirs, or draws tickets without end.
\ir support/people.psql
\ir support/instant_sessions.psql
\ir support/calls.psql
select plan(189);

-- Where somebody stands with a link: admitted, waits, or the refusal.
create function pg_temp.standing(session text, secret text default null) returns text language sql as $$
  select case when outcome is null then 'waits' when outcome ~ '^\d{4}-' then 'admitted' else outcome end
  from pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token(session), pg_temp.secret(secret)),
    'participant.admitted_at') as outcome
$$;
create function pg_temp.enter(session text, secret text default null, name text default 'Someone') returns text
language sql as $$ select pg_temp.join_outcome(pg_temp.token(session), pg_temp.secret(secret), name) $$;
create function pg_temp.leave(session text, secret text default null) returns text language sql as $$
  select pg_temp.call(format('leave_instant_session(%L, %L)', pg_temp.token(session), pg_temp.secret(secret)), 'status')
$$;
create function pg_temp.rule(session text, action text, pick text default 'session.id') returns text language sql as $$
  select pg_temp.call(format('change_instant_session(%L, %L)', pg_temp.id(session), action), pick)
$$;
create function pg_temp.dismiss(participant uuid) returns text language sql as $$
  select pg_temp.call(format('dismiss_instant_participant(%L)', participant), 'status')
$$;
create function pg_temp.create(request jsonb default '{}', key text default null, pick text default 'session.session_name')
returns text language sql as $$
  select pg_temp.call(format('create_instant_session(%L, %L)', '{"session_name": "Talk"}'::jsonb || request, key), pick)
$$;
-- The id of a participant, and who is there now, whoever asks.
create function pg_temp.part(session text, name text) returns uuid language sql security definer as $$
  select p.id from public.instant_session_participants p
  where p.session_id = pg_temp.id(session) and p.participant_name = name
$$;
create function pg_temp.present_people(session text) returns text language sql security definer as $$
  select coalesce(string_agg(p.participant_name, ' ' order by p.participant_name), '')
  from public.instant_session_participants p where p.session_id = pg_temp.id(session) and p.is_active
$$;

-- Making one.
select pg_temp.as_anon();
select is(pg_temp.create(), '42501', 'INST-01 anon makes no session');
select pg_temp.as_service();
select is(pg_temp.create(), '42501', 'INST-02 nor does the service');
select is(pg_temp.call_as(name, $$create_instant_session('{"session_name": "Talk"}', null)$$), 'not_a_host 403',
    'INST-03 nor a ' || name)
  from unnest(array['patient', 'stranger', 'premium', 'admin', 'tutor', 'operator']) as name;
select pg_temp.as_user('therapist');
select is(pg_temp.create(), 'Talk', 'INST-04 a therapist does');
create temporary table made as select create_instant_session(jsonb_build_object('session_name', 'Mine', 'lobby', true,
    'expires_in_minutes', 30, 'id', pg_temp.id('chosen'), 'therapist_id', pg_temp.id('other_therapist'),
    'session_token', 'chosen', 'is_active', false), null) -> 'session' as session;
grant select on made to public;
select is((select session ->> 'therapist_id' from made), pg_temp.id('therapist')::text, 'INST-05 in their own name');
select matches((select session ->> 'session_token' from made), '^[0-9a-f]{64}$',
  'INST-06 with a token of the database''s');
select results_eq('select (session ->> ''lobby'')::boolean, (session ->> ''expires_at'')::timestamptz from made',
  $$values (true, now() + interval '30 minutes')$$, 'INST-07 as they asked for');
select results_eq('select (session ->> ''is_active'')::boolean, (session ->> ''id'')::uuid = pg_temp.id(''chosen'') from made',
  $$values (true, false)$$, 'INST-08 and what is not theirs to choose is not');
select is(pg_temp.create(request), refusal, 'INST-09 refused: ' || left(request::text, 40)) from (values
  ('{"session_name": ""}'::jsonb, 'invalid_field 422 session_name'),
  ('{"session_name": null}', 'invalid_field 422 session_name'),
  (jsonb_build_object('session_name', repeat('x', 201)), 'invalid_field 422 session_name'),
  ('{"lobby": "perhaps"}', 'invalid_field 422 expires_in_minutes'),
  ('{"expires_in_minutes": "soon"}', 'invalid_field 422 expires_in_minutes'),
  ('{"expires_in_minutes": 1e12}', 'invalid_field 422 expires_in_minutes'),
  ('{"expires_in_minutes": 0}', 'invalid_field 422 expires_at'),
  ('{"expires_in_minutes": -5}', 'invalid_field 422 expires_at'),
  ('{"expires_in_minutes": 10081}', 'invalid_field 422 expires_at'),
  (jsonb_build_object('more', repeat('x', 70000)), 'too_large 413')) as refused (request, refusal);

-- Its key.
select pg_temp.create('{}', 'one', 'session.id') as first_id \gset
select is(pg_temp.create('{}', 'one', 'session.id'), :'first_id', 'INST-10 a key makes one session');
select is(pg_temp.create('{"lobby": true}', 'one'), 'idempotency_key_reused 422 Idempotency-Key',
  'INST-11 of one request');
select is(pg_temp.create('{}', key), 'invalid_field 422 Idempotency-Key', 'INST-12 and has 1 to 255 characters')
  from unnest(array['', repeat('k', 256)]) as key;
select pg_temp.as_user('other_therapist');
select isnt(pg_temp.create('{}', 'one', 'session.id'), :'first_id', 'INST-13 another''s key is another key');
select is(pg_temp.create('{}', 'two'), 'Talk', 'INST-14 a session');
delete from instant_sessions where therapist_id = pg_temp.id('other_therapist') and session_name = 'Talk';
select is(pg_temp.create('{}', 'two'), 'idempotency_key_spent 409',
  'INST-15 that was deleted does not come back by its key');
select pg_temp.as_owner();
insert into instant_sessions (id, therapist_id, session_name)
  select resource_id, pg_temp.id('therapist'), 'Not yours' from private.idempotency_keys where key = 'two';
select pg_temp.as_user('other_therapist');
select is(pg_temp.create('{}', 'two'), 'idempotency_key_spent 409',
  'INST-119 nor does it show what another therapist put in its place');
select pg_temp.as_owner();
update profiles set role = 'patient' where id = pg_temp.id('other_therapist');
select is(pg_temp.call_as('other_therapist', $$create_instant_session('{"session_name": "Talk"}', 'two')$$), 'not_a_host 403',
  'INST-16 who is no therapist any more has no keys');
select pg_temp.as_owner();
update profiles set role = 'therapist' where id = pg_temp.id('other_therapist');

-- Sixty within an hour; what was refused, or is there already, does not count.
select pg_temp.rest();
select pg_temp.as_user('therapist');
select is((select string_agg(distinct pg_temp.create(), ' ') from generate_series(1, 60)), 'Talk',
  'INST-17 sixty sessions');
select is(pg_temp.create(), 'too_many_sessions 429', 'INST-18 and no more');
select cmp_ok(pg_temp.retry_after(), '<=', 3600, 'INST-19 within an hour');
select cmp_ok(pg_temp.retry_after(), '>', 3590, 'INST-20 from the first on');
select is(pg_temp.attempt($$insert into instant_sessions (session_name, therapist_id)
    values ('Talk', pg_temp.id('therapist'))$$), 'too_many_sessions', 'INST-118 by the table either');
select is(pg_temp.create('{}', 'one', 'session.id'), :'first_id', 'INST-21 but what is there already is answered');
select is(pg_temp.call_as('other_therapist', $$create_instant_session('{"session_name": "Talk"}', null)$$, 'session.lobby'),
  'false', 'INST-22 and another is not concerned');
select pg_temp.rest();
select pg_temp.as_user('therapist');
select is(pg_temp.create(), 'Talk', 'INST-23 nor are they, an hour later');

-- What is told, and to whom. One answer to all links that open nothing.
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'ann', 'Ann'), 'admitted', 'INST-24 a guest comes in');
select is(pg_temp.call(format('join_instant_session(%L, ''Ann'', %L)', pg_temp.token('open'), pg_temp.secret('ann')), pick), keys,
    'INST-25 and learns this of the ' || pick) from (values
  ('session', 'expires_at id lobby locked session_name'),
  ('participant', 'admitted_at id is_active joined_at participant_name role')) as told (pick, keys);
select is(pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token('open'), pg_temp.secret('ann')), pick), keys,
    'INST-26 at any time, the ' || pick) from (values
  ('session', 'expires_at id lobby locked session_name'),
  ('participant', 'admitted_at id is_active joined_at participant_name role')) as told (pick, keys);
select is(pg_temp.standing(session, 'ann'), 'session_not_found 404',
    'INST-27 of what is ' || session || ' not even that it was')
  from unnest(array['ended', 'expired', 'mistyped']) as session;
select is(pg_temp.call(format('instant_session_status(%L, %L)', token, pg_temp.secret('ann'))), 'session_not_found 404',
    'INST-28 nor with no link: ' || coalesce(token, 'null')) from unnest(array[null, '', '%']) as token;
select is(pg_temp.standing('open', 'wrong'), 'participant_not_found 404', 'INST-29 another secret has no part in it');
select is(pg_temp.standing('locked', 'wrong'), 'session_locked 409', 'INST-30 nor past a lock');
select is(pg_temp.standing('foreign', 'ann'), 'participant_not_found 404',
  'INST-31 nor has the secret in another session');
select is(pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token('open'), (
    select encode(sha256(convert_to(pg_temp.secret('ann'), 'UTF8')), 'hex')))), 'participant_not_found 404',
  'INST-32 nor has its hash, which all see');
select is(pg_temp.enter('open', 'bob', 'Bob'), 'admitted', 'INST-107 nor has another guest''s');
select is(pg_temp.standing('open'), 'participant_not_found 404',
  'INST-33 nor has no secret, though Patient has none');
select is(pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token('open'), secret)), 'participant_not_found 404',
    'INST-34 nor a short one') from unnest(array['', 'short']) as secret;
select pg_temp.as_user('stranger');
select is(pg_temp.standing('open', 'ann'), 'participant_not_found 404',
  'INST-35 a guest''s secret is nothing to a user');
select is(pg_temp.leave('open', 'ann'), 'left', 'INST-36 who leaves as one');
select is(pg_temp.present_people('open'), 'Ann Bob Patient', 'INST-37 and moves nobody');
select pg_temp.as_user('patient');
select is(pg_temp.standing(session), standing, 'INST-38 a participant of what is ' || session || ' knows') from (values
  ('open', 'admitted'), ('locked', 'admitted'), ('ended', 'session_ended 409'), ('expired', 'session_ended 409'),
  ('foreign', 'participant_not_found 404')) as standings (session, standing);
select pg_temp.as_user('therapist');
select is(pg_temp.standing('open'), 'participant_not_found 404', 'INST-39 a therapist has a part in their session');
select is(pg_temp.enter('open'), 'admitted', 'INST-40 once they have come in');
select is(pg_temp.call(format('instant_session_status(%L)', pg_temp.token('open')), 'participant.role'), 'host',
  'INST-41 as its host');
select pg_temp.as_user('other_therapist');
select is(pg_temp.enter('open', null, 'Colleague'), 'admitted', 'INST-42 another therapist with the link');
select is(pg_temp.call(format('instant_session_status(%L)', pg_temp.token('open')), 'participant.role'), 'participant',
  'INST-43 is none');
select pg_temp.as_service();
select is(pg_temp.standing('open', 'ann') || pg_temp.leave('open', 'ann'), '4250142501',
  'INST-44 the service asks for nobody');

-- Leaving.
select pg_temp.as_anon();
select is(pg_temp.leave(session, secret), 'left', 'INST-45 whoever leaves has left')
  from (values ('open', 'wrong'), ('open', null), ('mistyped', 'ann'), ('ended', 'ann'), ('foreign', 'ann'))
    as links (session, secret);
select is(pg_temp.present_people('open'), 'Ann Bob Colleague Patient Someone', 'INST-46 but nobody else has');
select is(pg_temp.leave('open', 'ann'), 'left', 'INST-47 a guest leaves');
select is(pg_temp.leave('open', 'ann'), 'left', 'INST-48 twice is the same');
select is(pg_temp.present_people('open'), 'Bob Colleague Patient Someone', 'INST-49 alone');
select is(pg_temp.enter('open', 'ann', 'Ann'), 'admitted', 'INST-50 and comes back');
select is(pg_temp.present_people('open'), 'Ann Bob Colleague Patient Someone', 'INST-51 as themself');
select pg_temp.as_user('patient');
select is(pg_temp.leave('open'), 'left', 'INST-52 a user leaves');
select is(pg_temp.leave('ended'), 'left', 'INST-53 also what is over');
select is(pg_temp.present_people('open'), 'Ann Bob Colleague Someone', 'INST-54 alone');

-- The lobby: known, and not counted.
select pg_temp.as_anon();
select is(pg_temp.enter('lobby', 'ann', 'Ann'), 'waits', 'INST-55 a guest waits');
select is((select string_agg(distinct pg_temp.standing('lobby', 'ann'), ' ') from generate_series(1, 40)), 'waits',
  'INST-56 and asks as often as they like');
select is(pg_temp.leave('lobby', 'ann'), 'left', 'INST-57 leaves the lobby');
select is(pg_temp.enter('lobby', 'ann', 'Ann'), 'waits', 'INST-58 and waits again');
select pg_temp.as_user('therapist');
select admit_instant_participant(pg_temp.part('lobby', 'Ann'));
select pg_temp.as_anon();
select is(pg_temp.standing('lobby', 'ann'), 'admitted', 'INST-59 until they are admitted, as they then know');

-- Dismissing.
select is(pg_temp.dismiss(pg_temp.part('open', 'Ann')), '42501', 'INST-60 no guest dismisses anybody');
select pg_temp.as_service();
select is(pg_temp.dismiss(pg_temp.part('open', 'Ann')), '42501', 'INST-61 nor does the service');
select is(pg_temp.call_as(name, format('dismiss_instant_participant(%L)', participant)), 'participant_not_found 404',
    'INST-62 nor a ' || name || ', whether they are there or not')
  from unnest(array['other_therapist', 'patient', 'stranger', 'admin']) as name,
    unnest(array[pg_temp.part('open', 'Ann'), gen_random_uuid(), null]) as participant;
select pg_temp.as_user('therapist');
select is(pg_temp.dismiss(pg_temp.part('open', 'Someone')), 'participant_not_found 404', 'INST-63 a therapist stays');
select is(pg_temp.dismiss(pg_temp.part('foreign', 'Patient')), 'participant_not_found 404',
  'INST-64 and reaches no other session');
select is(pg_temp.dismiss(pg_temp.part('open', 'Ann')), 'removed', 'INST-65 they dismiss a guest');
select is(pg_temp.dismiss(pg_temp.part('open', 'Ann')), 'participant_not_found 404', 'INST-66 who is gone then');
select pg_temp.as_anon();
select is(pg_temp.standing('open', 'ann'), 'removed 403', 'INST-67 the guest is told so');
select is(pg_temp.enter('open', 'ann', 'Ann again'), 'removed', 'INST-68 does not come back');
select is(pg_temp.enter('open', 'another', 'Ann again'), 'waits', 'INST-108 and waits as somebody new');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('ann'));
select is(pg_temp.attempt($$insert into instant_session_participants (session_id, participant_name)
    values (pg_temp.id('open'), 'Ann')$$), '42501', 'INST-109 nor do they come back by the table');
select is(pg_temp.visible('instant_sessions'), '0', 'INST-110 whose session the link does not show them');
select pg_temp.present(null);
select pg_temp.as_user('therapist');
select is(pg_temp.dismiss(pg_temp.part('open', 'Colleague')), 'removed', 'INST-69 they dismiss a user');
select pg_temp.as_user('other_therapist');
select is(pg_temp.standing('open'), 'removed 403', 'INST-70 who is told so');
select is(pg_temp.enter('open'), 'removed', 'INST-71 and does not come back');
select pg_temp.as_owner();
update instant_sessions set is_active = false where id = pg_temp.id('foreign');
select pg_temp.as_user('other_patient');
select is(pg_temp.standing('foreign'), 'session_ended 409', 'INST-72 who was in a session hears that it is over');
select pg_temp.as_user('stranger');
select is(pg_temp.standing('foreign'), 'session_not_found 404', 'INST-73 and nobody else');

-- Ruling.
select pg_temp.as_anon();
select is(pg_temp.rule('open', 'end'), '42501', 'INST-74 a guest ends nothing');
select pg_temp.as_service();
select is(pg_temp.rule('open', 'end'), '42501', 'INST-75 nor does the service');
select is(pg_temp.call_as(name, format('change_instant_session(%L, %L)', pg_temp.id(session), action)),
    'session_not_found 404', format('INST-76 a %s does not %s what is %s', name, action, session))
  from unnest(array['other_therapist', 'patient', 'stranger', 'admin']) as name,
    (values ('open', 'end'), ('open', 'unlock'), ('lobby', 'close_lobby'), ('nowhere', 'end'), ('open', 'nonsense'))
      as rulings (session, action);
select pg_temp.as_user('therapist');
select is(pg_temp.rule('open', action), 'invalid_field 422 action', 'INST-77 there is no ' || coalesce(action, 'null'))
  from unnest(array['nonsense', '', 'END', null]) as action;
select is(pg_temp.rule('open', 'close_lobby', 'session.lobby'), 'false', 'INST-78 a therapist closes the lobby');
select is(pg_temp.rule('open', 'lock', 'session.locked'), 'true', 'INST-79 locks');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'late'), 'session_locked', 'INST-80 which keeps newcomers out');
select is(pg_temp.enter('open', 'ann'), 'removed', 'INST-111 and, without a lobby, who was removed');
select is(pg_temp.standing('open', 'another'), 'admitted', 'INST-81 and not those who are there, or waited');
select pg_temp.as_user('patient');
select is(pg_temp.enter('open'), 'admitted', 'INST-82 or come back');
select pg_temp.as_user('therapist');
select is(pg_temp.rule('open', 'unlock', 'session.locked'), 'false', 'INST-83 unlocks');
select is(pg_temp.rule('open', 'open_lobby', 'session.lobby'), 'true', 'INST-84 opens the lobby');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'late'), 'waits', 'INST-85 in which newcomers wait');
select pg_temp.as_user('therapist');
select is(pg_temp.rule('open', 'end', 'session.is_active'), 'false', 'INST-86 ends');
select is(pg_temp.rule('open', 'end', 'session.ended_at') is not null, true, 'INST-87 twice is the same');
select is(pg_temp.rule(session, action), 'session_ended 409', format('INST-88 there is no %s of what is over', action))
  from unnest(array['open', 'expired']) as session, unnest(array['lock', 'unlock', 'open_lobby', 'close_lobby']) as action;
select is(pg_temp.rule('expired', 'end', 'session.is_active'), 'false', 'INST-89 what has expired can be ended');
select results_eq($$select ended_at = expires_at from instant_sessions where id = pg_temp.id('expired')$$, array[true],
  'INST-90 which it did when it expired');
select is(pg_temp.present_people('open') || pg_temp.present_people('expired'), '', 'INST-91 everyone has left');
select pg_temp.as_anon();
select is(pg_temp.standing('open', 'another'), 'session_ended 409', 'INST-92 as the guests hear');
select is(pg_temp.enter('open', 'another'), 'session_not_found', 'INST-93 who do not come back');

-- Tickets.
select pg_temp.as_owner();
update instant_sessions set is_active = false where id = pg_temp.id('lobby');
set local session_replication_role = replica;
update instant_sessions set is_active = true, lobby = false, locked = false, expires_at = now() + interval '1 hour'
  where id = pg_temp.id('lobby');
set local session_replication_role = origin;
select pg_temp.rest();
select pg_temp.as_user('stranger');
select is((select string_agg(distinct pg_temp.enter('lobby'), ' ') from generate_series(1, 15)), 'admitted',
  'INST-94 someone comes in fifteen times');
select is((select string_agg(distinct pg_temp.standing('lobby'), ' ') from generate_series(1, 15)), 'admitted',
  'INST-95 and asks for fifteen tickets more');
select is(pg_temp.standing('lobby'), 'too_many_tickets 429', 'INST-96 but not for another');
select cmp_ok(pg_temp.retry_after(), '<=', 600, 'INST-97 within ten minutes');
select cmp_ok(pg_temp.retry_after(), '>', 590, 'INST-98 from the first on');
select is(pg_temp.enter('lobby'), 'too_many_tickets', 'INST-99 or by coming in');
delete from instant_session_participants where session_id = pg_temp.id('lobby') and user_id = pg_temp.id('stranger');
select is(pg_temp.enter('lobby'), 'too_many_tickets', 'INST-100 or by leaving for good before');
select pg_temp.as_anon();
select is(pg_temp.enter('lobby', 'ann', 'Ann'), 'admitted', 'INST-101 another is not concerned');
select is((select count(*) from generate_series(1, 40) where pg_temp.standing('lobby', 'ann') = 'too_many_tickets 429'),
  35::bigint, 'INST-102 but has six, as a guest');
select is(pg_temp.enter('lobby', 'leaver'), 'admitted', 'INST-112 who has left');
select pg_temp.leave('lobby', 'leaver');
select is((select string_agg(distinct pg_temp.standing('lobby', 'leaver'), ' ') from generate_series(1, 40)), 'admitted',
  'INST-113 asks for no tickets');
select is(pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token('lobby'), pg_temp.secret('leaver')),
  'participant.is_active'), 'false', 'INST-114 as the answer says');
select pg_temp.as_owner();
select is((select used from private.rate_limits where subject = 'instant guests ' || pg_temp.id('lobby')), 1,
  'INST-115 guests are counted together when they come, not when they ask');
update private.rate_limits set used = 3000 where subject = 'instant guests ' || pg_temp.id('lobby');
select pg_temp.as_anon();
select is(pg_temp.enter('lobby', 'fresh'), 'too_many_guests', 'INST-103 of those who are always others 3000 come');
select pg_temp.present(pg_temp.token('lobby'), pg_temp.secret('fresh'));
select is(pg_temp.attempt($$insert into instant_session_participants (session_id, participant_name)
    values (pg_temp.id('lobby'), 'Fresh')$$), 'too_many_guests', 'INST-116 by the table either');
select pg_temp.present(null);
select is(pg_temp.enter('lobby', 'leaver'), 'admitted', 'INST-117 which keeps no guest out who was there');
select pg_temp.as_user('patient');
select is(pg_temp.enter('lobby'), 'admitted', 'INST-104 which keeps no user out');
select pg_temp.as_user('therapist');
select is(pg_temp.enter('lobby'), 'admitted', 'INST-105 nor the therapist');
select pg_temp.rest();
select pg_temp.as_user('stranger');
select is(pg_temp.enter('lobby'), 'admitted', 'INST-106 after that time anybody comes in again');

select * from finish();
rollback;
