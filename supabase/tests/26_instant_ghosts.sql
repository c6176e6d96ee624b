-- Threat: somebody who was let into an instant session vanishes from it and keeps their ticket, comes back as someone
-- else or over and over, or takes the places, the lobby and the relays of the others.
\ir support/people.psql
\ir support/instant_sessions.psql
\ir support/calls.psql
select plan(77);

create function pg_temp.enter(session text, secret text, name text default 'Someone') returns text
language sql as $$ select pg_temp.join_outcome(pg_temp.token(session), pg_temp.secret(secret), name) $$;
create function pg_temp.enter_as(person text, session text) returns text language plpgsql as $$
begin
  perform pg_temp.as_user(person);
  return pg_temp.join_outcome(pg_temp.token(session), null, person);
end
$$;
create function pg_temp.part(session text, name text) returns public.instant_session_participants
language sql security definer as $$
  select p from public.instant_session_participants p
  where p.session_id = pg_temp.id(session) and p.participant_name = name
$$;
-- What the guest with this secret does to their row, by the table.
create function pg_temp.as_guest(secret text, statement text) returns text language plpgsql as $$
begin
  perform pg_temp.as_anon(), pg_temp.present(null, pg_temp.secret(secret));
  return pg_temp.attempt(statement);
end
$$;
create function pg_temp.remove(session text, name text) returns text language sql as $$
  select pg_temp.attempt_as('therapist', format('select dismiss_instant_participant(%L)', (pg_temp.part(session, name)).id))
$$;
-- Guests and users that are in a session, and guests that wait.
create function pg_temp.crowd(session text) returns text language sql security definer as $$
  select format('%s guests, %s users, %s wait', count(*) filter (where p.admitted_at is not null and p.user_id is null),
    count(*) filter (where p.admitted_at is not null and p.user_id is not null), count(*) filter (where p.admitted_at is null))
  from public.instant_session_participants p where p.session_id = pg_temp.id(session) and p.is_active
$$;
create function pg_temp.trail(name text) returns bigint language sql security definer as $$
  select count(*) from public.session_audit a
  where a.details ->> 'participant_id' = (pg_temp.part('open', name)).id::text
$$;

-- Whoever deletes their row has left, and is there to be removed.
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'ghost', 'Ghost'), 'admitted', 'GHOST-01 a guest is in');
select is(pg_temp.as_guest('ghost', 'delete from instant_session_participants'), '0 rows', 'GHOST-02 and deletes their row');
select is((pg_temp.part('open', 'Ghost')).is_active, false, 'GHOST-03 which stays, as of one who left');
select is((pg_temp.part('open', 'Ghost')).left_at, now(), 'GHOST-04 just now');
select is(pg_temp.trail('Ghost'), 2::bigint, 'GHOST-05 as the trail says');
select is(pg_temp.as_guest('ghost', 'delete from instant_session_participants'), '0 rows', 'GHOST-06 again');
select is(pg_temp.trail('Ghost'), 2::bigint, 'GHOST-07 is nothing');
select is(pg_temp.enter('open', 'ghost', 'Doctor'), 'admitted', 'GHOST-08 they come back');
select is((pg_temp.part('open', 'Doctor')).id, null, 'GHOST-09 under no other name');
select is(pg_temp.as_guest('ghost', 'delete from instant_session_participants'), '0 rows', 'GHOST-10 and leave');
select is(pg_temp.remove('open', 'Ghost'), '1 row', 'GHOST-11 the therapist removes them nevertheless');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'ghost'), 'removed', 'GHOST-12 and they stay out');
select is(pg_temp.remove('open', 'Ghost'), 'participant_not_found', 'GHOST-13 nobody is removed twice');
select is(pg_temp.enter_as('patient', 'open'), 'admitted', 'GHOST-14 a user is in');
select is(pg_temp.attempt('delete from instant_session_participants where user_id = auth.uid()
    and session_id = pg_temp.id(''open'')'), '0 rows',
  'GHOST-15 and deletes their row');
select is((pg_temp.part('open', 'Patient')).is_active, false, 'GHOST-16 which stays too');
select is(pg_temp.attempt_as('therapist', $$delete from instant_session_participants
  where session_id = pg_temp.id('open') and participant_name = 'Patient'$$), '1 row', 'GHOST-17 but not for the therapist');
select is(pg_temp.enter_as('patient', 'open'), 'removed', 'GHOST-18 who removed them');

-- Coming and going.
select pg_temp.as_owner();
update instant_sessions set lobby = false where id = pg_temp.id('open');
select pg_temp.as_anon();
select is(pg_temp.enter('open', 'restless', 'Restless'), 'admitted', 'MOVE-01 a guest comes');
select is((select string_agg(distinct pg_temp.as_guest('restless', 'update instant_session_participants set is_active = false')
    || ', ' || pg_temp.as_guest('restless', 'update instant_session_participants set is_active = true'), '; ')
  from generate_series(1, 30)), '1 row, 1 row', 'MOVE-02 leaves and returns thirty times');
select is(pg_temp.as_guest('restless', 'update instant_session_participants set is_active = true'), '1 row',
  'MOVE-03 who is there does not return');
select is(pg_temp.as_guest('restless', 'delete from instant_session_participants'), '0 rows', 'MOVE-04 leaves once more');
select is((pg_temp.part('open', 'Restless')).is_active, false, 'MOVE-05 as anybody may');
select is(pg_temp.as_guest('restless', 'update instant_session_participants set is_active = true'), 'too_many_returns',
  'MOVE-06 and not return');
select is(pg_temp.enter('open', 'restless'), 'too_many_returns', 'MOVE-07 by the function either');
select is(pg_temp.trail('Restless'), 62::bigint, 'MOVE-08 so that the trail does not fill up');
select is(pg_temp.enter('open', 'calm', 'Calm'), 'admitted', 'MOVE-09 others come');
select is(pg_temp.as_guest('calm', 'delete from instant_session_participants'), '0 rows', 'MOVE-10 leave');
select is(pg_temp.as_guest('calm', 'update instant_session_participants set is_active = true'), '1 row', 'MOVE-11 and return');
select pg_temp.rest();
select is(pg_temp.as_guest('restless', 'update instant_session_participants set is_active = true'), '1 row',
  'MOVE-12 later they may');

-- Tickets, each of which is worth relays for video.
select pg_temp.as_anon();
select is((select string_agg(distinct pg_temp.enter('open', 'often'), ' ') from generate_series(1, 6)), 'admitted',
  'TICKET-01 a guest gets six tickets');
select is(pg_temp.enter('open', 'often'), 'too_many_tickets', 'TICKET-02 and no more');
select is(pg_temp.call(format('instant_session_status(%L, %L)', pg_temp.token('open'), pg_temp.secret('often'))),
  'too_many_tickets 429', 'TICKET-03 in another way either');
select is((select string_agg(distinct pg_temp.enter_as('stranger', 'open'), ' ') from generate_series(1, 30)), 'admitted',
  'TICKET-04 a user gets thirty');
select is(pg_temp.enter_as('stranger', 'open'), 'too_many_tickets', 'TICKET-05 and no more');

-- Removing somebody, and letting them come again.
select is(pg_temp.enter_as('client', 'open'), 'admitted', 'READMIT-01 someone was there');
select leave_instant_session(pg_temp.token('open'));
select is(pg_temp.remove('open', 'stranger'), '1 row', 'READMIT-02 and is away when somebody is removed');
select is(pg_temp.enter_as('stranger', 'open'), 'removed', 'READMIT-03 who stays out');
select is(pg_temp.call_as('therapist', format('readmit_instant_participant(%L, %L)', pg_temp.id('open'),
  pg_temp.id('stranger')), 'status'), 'readmitted', 'READMIT-04 until they are readmitted');
select is(pg_temp.enter_as('client', 'open'), 'waits', 'READMIT-05 which lifts the lobby for nobody who was away');
select pg_temp.rest();
select is(pg_temp.enter_as('stranger', 'open'), 'waits', 'READMIT-06 the one it is for waits as well');
select is(pg_temp.remove('open', 'stranger'), '1 row', 'READMIT-07 is removed again');
select is(pg_temp.enter_as('stranger', 'open'), 'removed', 'READMIT-08 and stays out again');
select is(pg_temp.call_as('therapist', format('readmit_instant_participant(%L, %L)', pg_temp.id('open'),
  pg_temp.id('stranger')), 'status'), 'readmitted', 'READMIT-09 readmitted again');
select is(pg_temp.call_as('therapist', format('remove_instant_participant(%L, %L)', pg_temp.id('open'),
  pg_temp.id('stranger')), 'status'), 'removed', 'READMIT-10 and removed before they came');
select is(pg_temp.enter_as('stranger', 'open'), 'removed', 'READMIT-11 they stay out');

-- Closing the lobby: who waits comes in first, as far as there are places; guests leave twenty to users.
select pg_temp.as_anon();
select string_agg(distinct pg_temp.enter('lobby', 'Guest ' || n, 'Guest ' || n), '') from generate_series(1, 90) as n;
select pg_temp.as_guest('Guest 1', $$delete from instant_session_participants where session_id = pg_temp.id('lobby')$$);
select is(pg_temp.enter_as('stranger', 'lobby'), 'waits', 'CLOSE-01 people wait');
select is(pg_temp.crowd('lobby'), '0 guests, 1 users, 90 wait', 'CLOSE-02 ninety of them');
create temporary table told as select count(*) as notices from notifications;
select is(pg_temp.call_as('client', format('change_instant_session(%L, ''close_lobby'')', pg_temp.id('lobby'))),
  'session_not_found 404', 'CLOSE-03 none but the therapist closes the lobby');
select is(pg_temp.crowd('lobby'), '0 guests, 1 users, 90 wait', 'CLOSE-04 and they wait');
select is(pg_temp.call_as('therapist', format('change_instant_session(%L, ''close_lobby'')', pg_temp.id('lobby')),
  'session.lobby'), 'false', 'CLOSE-05 the therapist closes it');
select is(pg_temp.crowd('lobby'), '80 guests, 2 users, 9 wait', 'CLOSE-06 which lets in whom there is a place for');
select is((pg_temp.part('lobby', 'Guest 1')).admitted_at, null, 'CLOSE-07 and not who has left');
select pg_temp.as_anon();
select is(pg_temp.enter('lobby', 'newcomer'), 'session_full', 'CLOSE-08 no stranger walks past them');
select is(pg_temp.enter('lobby', 'Guest 1'), 'session_full', 'CLOSE-09 nor who had left');
select is(pg_temp.enter_as('client', 'lobby'), 'admitted', 'CLOSE-10 users have places');
select pg_temp.as_guest((select p.participant_name from instant_session_participants p
  where p.session_id = pg_temp.id('lobby') and p.user_id is null and p.admitted_at is not null limit 1),
  $$delete from instant_session_participants where session_id = pg_temp.id('lobby')$$);
select is(pg_temp.enter('lobby', 'Guest 1'), 'admitted', 'CLOSE-11 with a place, who had left comes in');
select pg_temp.as_owner();
update instant_sessions set lobby = true where id = pg_temp.id('foreign');
select pg_temp.as_anon();
select is(pg_temp.enter('foreign', 'waiting', 'Waiting'), 'waits', 'CLOSE-12 somebody waits');
select is(pg_temp.attempt_as('other_therapist', $$update instant_sessions set lobby = false
  where id = pg_temp.id('foreign')$$), '1 row', 'CLOSE-13 a lobby is closed by the table');
select is((pg_temp.part('foreign', 'Waiting')).admitted_at, now(), 'CLOSE-14 which lets them in too');
select pg_temp.as_owner();
set local session_replication_role = replica;
update instant_sessions set lobby = true where id = pg_temp.id('expired');
update instant_session_participants set admitted_at = null where session_id = pg_temp.id('expired');
set local session_replication_role = origin;
select is(pg_temp.attempt($$update instant_sessions set lobby = false where id = pg_temp.id('expired')$$), '1 row',
  'CLOSE-15 and the lobby of what is over');
select is((pg_temp.part('expired', 'Patient')).admitted_at, null, 'CLOSE-16 lets nobody in');

-- Notices.
delete from notifications;
update instant_sessions set lobby = true, locked = false where id = pg_temp.id('locked');
select pg_temp.as_anon();
select string_agg(distinct pg_temp.enter('locked', 'Fake ' || n, 'Fake ' || n), '') from generate_series(1, 62) as n;
select pg_temp.as_owner();
select is((select array_agg(body) from notifications where body like '%no more%'),
  array['Fake 60 waits to be admitted to locked. More may wait: there are no more notices of guests within this hour'],
  'NOTICE-01 the last notice of an hour says so');
select is((select count(*) from notifications), 60::bigint, 'NOTICE-02 it is the sixtieth');

-- What cannot be seen, and is nothing.
select pg_temp.as_anon();
select is(pg_temp.enter('foreign', 'unseen', name), 'invalid_field', 'UNSEEN-01 no name is ' || to_hex(ascii(name)))
  from unnest(array[U&'\034F', U&'\061C', U&'\180B', U&'\206A', U&'\FE0F', U&'\FFFA', U&'\+0E0041', U&'\+0E0100']) as name;
select is(pg_temp.enter('foreign', 'seen', U&'\2764\FE0F'), 'admitted', 'UNSEEN-02 a heart is');
select is(pg_temp.call_as('therapist', format('create_instant_session(%L, null)', request)), 'invalid_field 422 request',
  'UNSEEN-03 a session is not made of ' || coalesce(request, 'nothing'))
  from unnest(array[null, 'null', '[]', '"x"']) as request;

select * from finish();
rollback;
