-- Threat: a status jumps where the lifecycle does not lead: a cancelled session comes back without its meeting, a
-- session that took place is called off, one is declared over before it began.
\ir support/people.psql
\ir support/video_sessions.psql
select plan(29);

create function pg_temp.move(status text, session text default 'session') returns text language sql as $$
  select pg_temp.attempt(format('update video_sessions set status = %L where id = %L', status, pg_temp.id(session)))
$$;

select pg_temp.as_user('trainer');
select is(pg_temp.move('ended'), 'invalid_transition', 'LIFE-01 what was not live cannot end before its start');
select is(pg_temp.move('paused'), 'invalid_transition', 'LIFE-02 a word that is none leads nowhere');
select is(pg_temp.move('scheduled'), '1 row', 'LIFE-03 the same status again changes nothing');
select is(pg_temp.move('live'), '1 row', 'LIFE-04 scheduled becomes live');
select is(pg_temp.move('scheduled'), 'invalid_transition', 'LIFE-05 live does not become scheduled');
select is(pg_temp.move('cancelled'), 'invalid_transition', 'LIFE-06 or cancelled');
select is(pg_temp.move('ended'), '1 row', 'LIFE-07 live ends');
select is(pg_temp.move(status), 'invalid_transition', 'LIFE-08 ended does not become ' || status)
  from unnest(array['scheduled', 'live', 'cancelled']) as status;
select is(pg_temp.move('cancelled', 'zoom_session'), '1 row', 'LIFE-09 scheduled becomes cancelled');
select is(pg_temp.move(status, 'zoom_session'), 'invalid_transition', 'LIFE-10 cancelled does not become ' || status)
  from unnest(array['scheduled', 'live', 'ended']) as status;

select pg_temp.as_service();
select is(pg_temp.move('live', 'zoom_session'), 'invalid_transition', 'LIFE-11 not even for the service');
select pg_temp.as_owner();
select is(pg_temp.move('live', 'zoom_session'), 'invalid_transition', 'LIFE-12 or the owner of the table');

select pg_temp.as_user('trainer');
select is(pg_temp.attempt($$update video_sessions set status = 'ended', scheduled_start = now() - interval '1 hour'
    where id = pg_temp.id('direct_session')$$), 'invalid_transition',
  'LIFE-13 moving the start into the past along with the end does not help');
update video_sessions set scheduled_start = now() - interval '1 hour' where id = pg_temp.id('direct_session');
select is(pg_temp.move('ended', 'direct_session'), '1 row',
  'LIFE-14 what nobody started can end once its time has come');

select pg_temp.as_user('client');
select is(pg_temp.move('cancelled', 'foreign_session'), '0 rows', 'LIFE-15 no status of others is moved');
select is(pg_temp.move('live', 'session'), '0 rows', 'LIFE-16 or by a participant');
select pg_temp.as_anon();
select is(pg_temp.move('live', 'session'), '42501', 'LIFE-17 or by anon');

-- What is over though nobody said so.
select pg_temp.as_owner();
update video_sessions set scheduled_start = now() - interval '37 hours' where id = pg_temp.id('foreign_session');
select pg_temp.as_user('nutritionist');
select is(pg_temp.visible($$video_sessions where status = 'scheduled'$$), '0',
  'LIFE-18 an overdue session is not shown as scheduled');
select pg_temp.as_user('other_client');
select is(pg_temp.visible('video_sessions'), '0', 'LIFE-19 to its client either');
select pg_temp.as_service();
select is(pg_temp.attempt('select private.sweep()'), '1 row', 'LIFE-20 the service sweeps');
select pg_temp.as_user('nutritionist');
select results_eq('select status from video_sessions', array['ended'], 'LIFE-21 and it is back, ended');
select pg_temp.as_user('other_client');
select results_eq('select status from video_sessions', array['ended'], 'LIFE-22 for its client too');
select pg_temp.as_owner();
select results_eq($$select status from video_sessions where title in ('A', 'B', 'C') order by title$$,
  array['ended', 'ended', 'cancelled'], 'LIFE-23 the sweep changes nothing that was over already');
select pg_temp.as_user('trainer');
select is(pg_temp.attempt('select private.sweep()'), '42501', 'LIFE-24 a host does not sweep');
select is(pg_temp.attempt('select private.sweep_video_sessions()'), '42501', 'LIFE-25 not a family alone');

select * from finish();
rollback;
