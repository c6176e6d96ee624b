-- Threat: a session goes on after its end: it is revived, prolonged, shown as active, or still entered.
\ir support/people.psql
\ir support/instant_sessions.psql
select plan(41);

create function pg_temp.change(session text, change text) returns text language sql as $$
  select pg_temp.attempt(format('update instant_sessions set %s where id = %L', change, pg_temp.id(session)))
$$;

-- Expired, and nobody said so.
set local session_replication_role = replica;
insert into instant_session_participants (session_id, user_id, participant_name, admitted_at)
  values (pg_temp.id('expired'), pg_temp.id('client'), 'Client', now());
set local session_replication_role = origin;
select is(pg_temp.visible_to(name, $$instant_sessions where id = pg_temp.id('expired')$$), '0',
    'END-01 an expired session is not shown to the ' || name)
  from unnest(array['therapist', 'patient', 'stranger', 'admin']) as name;
select pg_temp.as_user('patient');
select is(pg_temp.visible($$instant_session_participants
    where session_id = pg_temp.id('expired') and user_id <> pg_temp.id('patient')$$),
  '0', 'END-02 nor who is in it');
select is(pg_temp.attempt(pg_temp.upsert_sql('expired', 'patient')), '42501',
  'END-03 a participant does not come back to it');
select is(pg_temp.attempt(pg_temp.upsert_sql('ended', 'patient')), '42501', 'END-04 or to one that was ended');
select is(pg_temp.attempt($$update instant_session_participants set is_active = true
    where session_id = pg_temp.id('expired')$$),
  '42501', 'END-05 by an update either');
select pg_temp.as_user('therapist');
select is(pg_temp.attempt(pg_temp.insert_sql('expired', 'therapist')), '42501',
  'END-06 nor does the therapist enter it');
select is(pg_temp.attempt(pg_temp.insert_sql('ended', 'therapist')), '42501', 'END-07 or the ended one');
select is(pg_temp.change('expired', $$expires_at = now() + interval '1 hour'$$), '0 rows',
  'END-08 an expired one is not prolonged');
select pg_temp.as_service();
select is(pg_temp.change('expired', $$expires_at = now() + interval '1 hour'$$), 'invalid_transition',
  'END-09 by nobody');
select is(pg_temp.attempt(pg_temp.insert_sql('expired', 'stranger')), 'session_not_found',
  'END-10 nobody is put into it');
select is(pg_temp.attempt('select private.sweep_instant_sessions()'), '1 row', 'END-11 the service sweeps');
select results_eq($$select is_active, ended_at = expires_at from instant_sessions where id = pg_temp.id('expired')$$,
  $$values (false, true)$$, 'END-12 and it has ended, when it expired');
select results_eq($$select is_active, left_at = now() - interval '1 minute' from instant_session_participants
  where session_id = pg_temp.id('expired')$$, $$values (false, true), (false, true)$$,
  'END-13 and everyone has left then');
select is((select count(*) from instant_sessions where id in (pg_temp.id('open'), pg_temp.id('foreign')) and is_active),
  2::bigint, 'END-14 the sweep ends no other');
select pg_temp.as_user('patient');
select results_eq($$select is_active from instant_sessions where id = pg_temp.id('expired')$$, array[false],
  'END-15 its participant sees it again, ended');
select is(pg_temp.attempt('select private.sweep_instant_sessions()'), '42501', 'END-16 no client sweeps');

-- The end by the therapist is final.
select pg_temp.as_user('therapist');
select is(pg_temp.change('open', $$expires_at = now() + interval '6 days'$$), '1 row',
  'END-17 an open session is prolonged');
select is(pg_temp.change('open', expires), 'invalid_field', 'END-18 but not with ' || expires)
  from unnest(array['expires_at = now() + interval ''8 days''', 'expires_at = ''infinity''', 'expires_at = now()',
      'expires_at = null'])
    as expires;
select is(pg_temp.attempt($$insert into instant_sessions (session_name, therapist_id, expires_at)
  values ('N', pg_temp.id('therapist'), now() + interval '8 days')$$), 'invalid_field',
  'END-19 nor is one made for longer');
select is(pg_temp.change('open', 'is_active = false'), '1 row', 'END-20 it is ended');
select is(pg_temp.change('open', 'is_active = true'), 'invalid_transition', 'END-21 for good');
select is(pg_temp.change('open', $$expires_at = now() + interval '2 hours'$$), 'invalid_transition',
  'END-22 without an appeal');
select is((select ended_at from instant_sessions where id = pg_temp.id('open')), now(), 'END-23 the end has its time');
select is(pg_temp.change('open', $$session_name = 'Renamed'$$), '1 row', 'END-24 its name can be mended');
select is((select ended_at from instant_sessions where id = pg_temp.id('open')), now(), 'END-25 which leaves the time');
select is(pg_temp.change('locked', 'is_active = null'), '23502', 'END-26 neither active nor ended is no state');
select results_eq($$select is_active, left_at from instant_session_participants where session_id = pg_temp.id('open')$$,
  $$values (false, now())$$, 'END-27 everyone has left');
select pg_temp.as_anon();
select pg_temp.present(pg_temp.token('open'));
select is(pg_temp.visible('instant_sessions'), '0', 'END-28 its link opens nothing');
select is(pg_temp.attempt($$insert into instant_session_participants (session_id, participant_name)
    values (pg_temp.id('open'), 'G')$$),
  '42501', 'END-29 and lets nobody in');
select pg_temp.as_service();
select is(pg_temp.change('open', 'is_active = true'), 'invalid_transition', 'END-30 the service does not revive it');
select pg_temp.as_owner();
select is(pg_temp.change('open', 'is_active = true'), 'invalid_transition', 'END-31 nor the owner of the table');

-- The trail.
select pg_temp.as_user('therapist');
select is((select count(*) from session_audit
  where session_id = pg_temp.id('open') and actor_id = pg_temp.id('therapist')
  and details -> 'changed' ? 'is_active' and action = 'changed'), 1::bigint, 'END-32 the trail knows who ended it');
select is(pg_temp.attempt($$delete from instant_sessions where id = pg_temp.id('open')$$), '1 row',
  'END-33 a therapist deletes a session');
select is((select action from session_audit where session_id = pg_temp.id('open') order by created_at desc limit 1),
  'deleted', 'END-34 the trail stays');
select pg_temp.as_user('patient');
select is(pg_temp.attempt('delete from instant_sessions'), '0 rows', 'END-35 a participant deletes none');

select * from finish();
rollback;
