-- Threat: one person with the link, who may be as many guests as they like, closes an instant session to all others,
-- silences its lobby, waits for a removal to pass, or is taken for somebody else by a name.
\ir support/people.psql
\ir support/instant_sessions.psql
select plan(87);

create function pg_temp.enter(session text, secret text, name text default 'Someone') returns text
language sql as $$ select pg_temp.join_outcome(pg_temp.token(session), pg_temp.secret(secret), name) $$;
create function pg_temp.leave(session text, secret text) returns void language sql as $$
  select leave_instant_session(pg_temp.token(session), pg_temp.secret(secret))
$$;
-- So many guests, `<name> 1` and so on: what came of it, for all of them.
create function pg_temp.crowd(session text, name text, size integer) returns text language sql as $$
  select string_agg(distinct pg_temp.enter(session, name || ' ' || n, name || ' ' || n), ' ')
  from generate_series(1, size) as n
$$;
create function pg_temp.part(session text, name text) returns uuid language sql security definer as $$
  select p.id from public.instant_session_participants p
  where p.session_id = pg_temp.id(session) and p.participant_name = name
$$;
create function pg_temp.admit(session text, name text) returns text language sql as $$
  select pg_temp.attempt_as('therapist', format('select admit_instant_participant(%L)', pg_temp.part(session, name)))
$$;
-- What the guest with this secret does to their row, by the table.
create function pg_temp.as_guest(session text, secret text, change text) returns text language plpgsql as $$
begin
  perform pg_temp.as_anon(), pg_temp.present(pg_temp.token(session), pg_temp.secret(secret));
  return pg_temp.attempt(format('update instant_session_participants set %s where session_id = %L', change,
    pg_temp.id(session)));
end
$$;
create function pg_temp.come_and_go(session text, secret text, name text) returns text language plpgsql as $$
declare
  came constant text := pg_temp.enter(session, secret, name);
begin
  return came || ' and ' || pg_temp.attempt('delete from instant_session_participants');
end
$$;
create function pg_temp.notices(session text) returns text language sql security definer as $$
  select coalesce(string_agg(notice, ', ' order by notice), '') from (
    select count(*) || ' ' || rtrim(split_part(n.body, ' waits', 1), ' 0123456789') as notice
    from public.notifications n where n.data ->> 'session_id' = pg_temp.id(session)::text
    group by rtrim(split_part(n.body, ' waits', 1), ' 0123456789')) as told
$$;

-- Places: who has left takes none. The patient is in `open` already.
select pg_temp.as_anon();
select is(pg_temp.crowd('open', 'Guest', 80), 'admitted', 'CROWD-01 a session takes 80 guests');
select is(pg_temp.enter('open', 'late'), 'session_full', 'CROWD-02 and no more');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('late'));
select is(pg_temp.attempt(format('insert into instant_session_participants (session_id, participant_name)
  values (%L, ''Late'')', pg_temp.id('open'))), 'session_full', 'CROWD-03 by the table either');
select pg_temp.present(null);
select is(pg_temp.enter('open', 'Guest 1'), 'admitted', 'CROWD-04 whoever is in stays in');
select pg_temp.as_user('therapist');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'admitted', 'CROWD-05 the therapist is not kept out');
delete from instant_session_participants where user_id = pg_temp.id('therapist');
select pg_temp.as_anon();
select pg_temp.leave('open', 'Guest ' || n) from generate_series(1, 80) as n;
select is(pg_temp.crowd('open', 'Other', 80), 'admitted', 'CROWD-06 when they have left, as many come');
select is(pg_temp.enter('open', 'late'), 'session_full', 'CROWD-07 and no more');
select is(pg_temp.enter('open', 'Guest 1'), 'session_full', 'CROWD-08 also of those who come back');
select is(pg_temp.as_guest('open', 'Guest 1', 'is_active = true'), 'session_full', 'CROWD-09 by the table either');
select pg_temp.as_owner();
set local session_replication_role = replica;
insert into instant_session_participants (session_id, user_id, participant_name, admitted_at)
  select pg_temp.id('open'), gen_random_uuid(), 'User', now() from generate_series(1, 18);
set local session_replication_role = origin;
select pg_temp.as_user('stranger');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'admitted', 'CROWD-55 users have twenty more');
select pg_temp.as_user('client');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'session_full', 'CROWD-56 and no more');
select pg_temp.as_user('patient');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'patient')), '1 row', 'CROWD-10 the app''s upsert of who is in works');
select leave_instant_session(pg_temp.token('open'));
select pg_temp.as_user('client');
select is(pg_temp.join_outcome(pg_temp.token('open')), 'admitted', 'CROWD-11 somebody leaves, and one comes');
select pg_temp.as_user('patient');
select is(pg_temp.attempt(pg_temp.upsert_sql('open', 'patient')), 'session_full', 'CROWD-12 but not by an upsert past 100');
select pg_temp.as_service();
select is(pg_temp.attempt($$update instant_session_participants set is_active = true
  where user_id = pg_temp.id('patient') and session_id = pg_temp.id('open')$$), 'session_full',
  'CROWD-13 nor by the service');

-- Places in the lobby, and out of it.
select pg_temp.as_anon();
select is(pg_temp.crowd('lobby', 'Guest', 100), 'waits', 'CROWD-14 a hundred guests wait');
select is(pg_temp.enter('lobby', 'late'), 'lobby_full', 'CROWD-15 and no more');
select pg_temp.present(pg_temp.token('lobby'), pg_temp.secret('late'));
select is(pg_temp.attempt(format('insert into instant_session_participants (session_id, participant_name)
  values (%L, ''Late'')', pg_temp.id('lobby'))), 'lobby_full', 'CROWD-16 by the table either');
select pg_temp.present(null);
select pg_temp.as_user('stranger');
select is(pg_temp.join_outcome(pg_temp.token('lobby')), 'waits', 'CROWD-17 which keeps no user out of the lobby');
select pg_temp.as_anon();
select pg_temp.leave('lobby', 'Guest 1');
select is(pg_temp.enter('lobby', 'late', 'Late'), 'waits', 'CROWD-18 when one leaves, one comes');
select is(pg_temp.enter('lobby', 'Guest 1'), 'lobby_full', 'CROWD-19 and who comes back does not');
select is(pg_temp.as_guest('lobby', 'Guest 1', 'is_active = true'), 'lobby_full', 'CROWD-20 by the table either');
select pg_temp.present(null);
select is((select string_agg(distinct pg_temp.admit('lobby', 'Guest ' || n), ' ') from generate_series(2, 81) as n),
  '1 row', 'CROWD-21 the therapist admits eighty to the patient');
select is(pg_temp.admit('lobby', 'Late'), 'session_full', 'CROWD-22 and no more guests');
select is(pg_temp.admit('lobby', 'Guest 2'), '1 row', 'CROWD-23 admitting somebody again is nothing');
select is(pg_temp.admit('lobby', 'Guest 1'), '1 row', 'CROWD-24 who is not there takes no place');
select pg_temp.as_anon();
select is(pg_temp.enter('lobby', 'Guest 1'), 'session_full', 'CROWD-25 until they come');
select is(pg_temp.crowd('lobby', 'More', 80), 'waits', 'CROWD-26 others wait meanwhile');
select is(pg_temp.admit('expired', 'Patient'), 'session_ended', 'CROWD-27 nobody is admitted to what is over');

-- Notices of who waits: three an hour each, sixty of all guests.
select pg_temp.as_owner();
delete from notifications;
delete from private.rate_limits;
delete from instant_session_participants where session_id = pg_temp.id('open');
delete from private.instant_session_removals;
update instant_sessions set lobby = true where id = pg_temp.id('open');
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('restless'));
select is((select string_agg(distinct pg_temp.come_and_go('open', 'restless', 'Restless'), ' ') from generate_series(1, 30)),
  'waits and 0 rows', 'CROWD-28 a guest comes and goes thirty times');
select pg_temp.present(null);
select pg_temp.enter('open', 'ann', 'Ann');
select is(pg_temp.notices('open'), '1 Ann, 3 Restless', 'CROWD-29 which the therapist hears three times, and then of Ann');
select pg_temp.leave('open', 'ann');
select is(pg_temp.enter('open', 'ann', 'Ann'), 'waits', 'CROWD-30 Ann left and is back');
select is(pg_temp.notices('open'), '2 Ann, 3 Restless', 'CROWD-31 which is news');
select is(pg_temp.enter('open', 'ann', 'Ann'), 'waits', 'CROWD-32 in a second window');
select is(pg_temp.notices('open'), '2 Ann, 3 Restless', 'CROWD-33 it is none');
select is(pg_temp.crowd('open', 'Fake', 80), 'waits', 'CROWD-34 eighty come');
select is(pg_temp.notices('open'), '2 Ann, 3 Restless, 55 Fake', 'CROWD-35 sixty notices of guests are enough');
select pg_temp.as_user('stranger');
select is(pg_temp.join_outcome(pg_temp.token('open'), null, 'User'), 'waits', 'CROWD-36 then comes someone with an account');
select is(pg_temp.notices('open'), '1 User, 2 Ann, 3 Restless, 55 Fake', 'CROWD-37 of whom the therapist hears');
select pg_temp.admit('open', 'Ann');
select is(pg_temp.notices('open'), '1 User, 2 Ann, 3 Restless, 55 Fake', 'CROWD-38 and not of those they admit');

-- Waiting outside until a removal has passed.
select pg_temp.as_owner();
delete from instant_session_participants where session_id = pg_temp.id('open');
delete from private.instant_session_removals;
update instant_sessions set lobby = false where id = pg_temp.id('open');
select pg_temp.as_anon();
select pg_temp.enter('open', 'first', 'First'), pg_temp.enter('open', 'second', 'Second'),
  pg_temp.enter('open', 'third', 'Third'), pg_temp.enter('open', 'other', 'Other');
select pg_temp.leave('open', 'second'), pg_temp.leave('open', 'third');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('second'));
select is(pg_temp.visible('instant_session_participants'), '1', 'CROWD-39 who has left sees themself alone');
select pg_temp.as_user('therapist');
select is(pg_temp.attempt($$delete from instant_session_participants where participant_name = 'First'$$), '1 row',
  'CROWD-40 somebody is removed');
select pg_temp.as_anon();
select pg_temp.present(null);
select is(pg_temp.enter('open', 'second'), 'waits', 'CROWD-41 whoever was away at that time waits');
select is(pg_temp.as_guest('open', 'third', 'is_active = true'), '1 row', 'CROWD-42 by the table too');
select is((select admitted_at from instant_session_participants), null, 'CROWD-43 they wait');
select pg_temp.present(null);
select is(pg_temp.enter('open', 'other'), 'admitted', 'CROWD-44 and not who was there');
select is(pg_temp.admit('open', 'Second'), '1 row', 'CROWD-45 once admitted');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'second'), 'admitted', 'CROWD-46 they are in');
select pg_temp.leave('open', 'other');
select pg_temp.as_owner();
update private.instant_session_removals set removed_at = now() - interval '1 minute';
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'other'), 'admitted', 'CROWD-47 who left after the removal comes back as ever');
select pg_temp.leave('open', 'other');
select pg_temp.as_owner();
update private.instant_session_removals set removed_at = now();
update instant_sessions set lobby = false where id = pg_temp.id('open');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'other'), 'admitted', 'CROWD-48 and without a lobby nobody waits');
select is(pg_temp.enter('open', 'first'), 'removed', 'CROWD-49 but who was removed is');
select is(pg_temp.attempt(format('select instant_session_by_token(%L)', pg_temp.token('open'))), '1 row',
  'CROWD-50 a link alone is nobody''s');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('first'));
select is(pg_temp.attempt(format('select instant_session_by_token(%L)', pg_temp.token('open'))), 'removed',
  'CROWD-51 with the secret of who was removed it opens nothing');
select is(pg_temp.visible('instant_sessions'), '0', 'CROWD-52 and shows nothing');
select is(pg_temp.attempt(format('insert into instant_session_participants (session_id, participant_name)
  values (%L, ''First'')', pg_temp.id('open'))), '42501', 'CROWD-53 and lets nobody in');
select pg_temp.as_service();
select is(pg_temp.attempt(format('insert into instant_session_participants
    (session_id, participant_name, guest_secret_hash) values (%L, ''First'', %L)', pg_temp.id('open'),
  encode(sha256(convert_to(pg_temp.secret('first'), 'UTF8')), 'hex'))), 'removed', 'CROWD-54 the service does not bring them back by accident');

-- Names.
select is(pg_temp.as_guest('open', 'other', $$participant_name = 'Doctor'$$), '1 row', 'NAME-01 a guest who is in');
select is((select participant_name from instant_session_participants
  where guest_secret_hash = private.guest_secret_hash()), 'Other', 'NAME-02 keeps their name');
select pg_temp.present(null);
select is(join_instant_session(pg_temp.token('open'), 'Doctor', pg_temp.secret('other'))
  #>> '{participant,participant_name}', 'Other', 'NAME-03 also in their ticket');
select is(pg_temp.enter('lobby', 'patient lookalike', 'Ann'), 'lobby_full', 'NAME-04 in a full lobby');
select pg_temp.leave('lobby', 'More 1');
select is(pg_temp.enter('lobby', 'impostor', 'Ann'), 'waits', 'NAME-05 somebody waits as Ann');
select is(pg_temp.as_guest('lobby', 'impostor', $$participant_name = 'Doctor'$$), '1 row', 'NAME-06 and is not renamed');
select pg_temp.present(null);
select is(pg_temp.enter('lobby', 'impostor', 'Doctor'), 'waits', 'NAME-07 before they are admitted');
select isnt(pg_temp.part('lobby', 'Ann'), null, 'NAME-08 as Ann');
select is(pg_temp.part('lobby', 'Doctor'), null, 'NAME-09 and as nobody else');
select pg_temp.as_user('patient');
select is(pg_temp.attempt(pg_temp.upsert_sql('lobby', 'patient', 'Doctor')), '1 row', 'NAME-10 a user upserts another name');
select is((select participant_name from instant_session_participants
    where user_id = pg_temp.id('patient') and session_id = pg_temp.id('lobby')), 'Patient', 'NAME-11 and keeps theirs');
select pg_temp.as_anon();
select is(pg_temp.enter('foreign', 'ugly', name), 'invalid_field', 'NAME-12 no name is ' || what)
  from (values ('blank', '  '), ('invisible', U&'\200B\FEFF'), ('turned around', U&'nna\202E'), ('a control', E'a\u0007'),
    ('two lines', E'a\nb'), ('two lines to a browser', U&'a\2028b'), ('isolated', U&'\2066a'), ('C1', U&'a\0085b')) as names (what, name);
select is(pg_temp.enter('foreign', name, name), 'admitted', 'NAME-13 a name is ' || name)
  from unnest(array['Ana María', U&'\0645\06CC\200C\062E\0648\0627\0647\0645', U&'\D83D\DC69\200D\D83D\DCBB', '王']) as name;
select pg_temp.as_user('therapist');
select is(pg_temp.attempt(format('insert into instant_sessions (session_name, therapist_id) values (%L, %L)',
    name, pg_temp.id('therapist'))), 'invalid_field', 'NAME-14 nor is a session''s')
  from unnest(array['  ', U&'Talk\202E', E'Talk\r\n']) as name;

-- Acting as a guest while signed in; and taking the id of somebody who was there.
select pg_temp.as_user('stranger');
select pg_temp.present(pg_temp.token('open'), pg_temp.secret('other'));
select is(pg_temp.attempt('delete from instant_session_participants where user_id is null'), '0 rows',
  'SELF-01 a guest''s secret is nothing to a user');
select is(pg_temp.visible('instant_session_participants where user_id is null'), '0', 'SELF-02 and shows nobody');
select is(pg_temp.part('foreign', 'Reused'), null, 'SELF-03 somebody');
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('foreign'), pg_temp.secret('reused'));
select is(pg_temp.attempt(format('insert into instant_session_participants (id, session_id, participant_name)
  values (%L, %L, ''Reused'')', pg_temp.id('a former participant'), pg_temp.id('foreign'))), '1 row', 'SELF-04 sends an id');
select isnt(pg_temp.part('foreign', 'Reused'), pg_temp.id('a former participant'), 'SELF-05 and gets another');

select * from finish();
rollback;
