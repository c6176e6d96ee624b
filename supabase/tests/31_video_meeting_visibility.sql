-- Threat: someone reads a meeting behind a passcode, or who is in it, without being tutor, student or admin; or anyone
-- writes one past the functions.
\ir support/people.psql
\ir support/video_meetings.psql
select plan(68);

select pg_temp.clear();

select is(pg_temp.visible('video_meetings'), '1', 'MEET-01 the ' || actor || ' sees their meeting only')
  from unnest(array['tutor', 'student', 'other_tutor', 'other_student']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_user('student');
select results_eq('select meeting_id, passcode from video_meetings', $$values ('MID-AAAAAAAAAAAAAAAA', '123456')$$,
  'MEET-02 with its passcode');
select is(pg_temp.visible('video_participants'), '3', 'MEET-03 the student sees who is in it');
select pg_temp.as_user('tutor');
select is(pg_temp.visible('video_participants'), '3', 'MEET-04 so does the tutor, and of no other');
select is(pg_temp.visible($$video_meetings where meeting_id = 'MID-BBBBBBBBBBBBBBBB' and passcode = '654321'$$), '0',
  'MEET-05 ID and passcode show no row');
select pg_temp.as_user('admin');
select is(pg_temp.visible('video_meetings'), '2', 'MEET-06 an admin sees all');
select is(pg_temp.visible('video_participants'), '4', 'MEET-07 and everyone in them');
select is(pg_temp.visible('video_meetings') || pg_temp.visible('video_participants'), '00',
    'MEET-08 a ' || actor || ' sees neither')

  from unnest(array['stranger', 'trainer', 'premium', 'operator', 'therapist']) as actor,
    lateral pg_temp.as_user(actor);
select pg_temp.as_anon();
select is(pg_temp.visible('video_meetings'), '42501', 'MEET-09 anon may not ask');
select is(pg_temp.visible('video_participants'), '42501', 'MEET-10 for people either');

-- A guest with an account is in the meeting and reads it through the functions alone.
select pg_temp.as_owner();
insert into video_participants (meeting, user_id, user_type)
  values (pg_temp.id('meeting'), pg_temp.id('stranger'), 'guest');
select pg_temp.as_user('stranger');
select is(pg_temp.visible('video_meetings') || pg_temp.visible('video_participants'), '00',
  'MEET-11 a guest who takes part does not read the tables');

-- What makes a guest the same one again is nowhere to be read, with the table grants of @supabase/lite either.
select pg_temp.as_owner();
insert into private.video_guest_secrets (participant_id, secret_hash) select p.id, 'h' from video_participants p
  where p.meeting = pg_temp.id('meeting') and p.user_id is null;
select is(pg_temp.visible('private.video_guest_secrets'), '42501', 'MEET-35 the ' || actor || ' may not ask for secrets')
  from unnest(array['tutor', 'student', 'admin', 'stranger']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_owner();
grant select on private.video_guest_secrets to authenticated;
select is(pg_temp.visible('private.video_guest_secrets'), '0', 'MEET-36 nor with a grant, the ' || actor)
  from unnest(array['tutor', 'student', 'admin', 'stranger']) as actor, lateral pg_temp.as_user(actor);

-- Writing, with the table grants of @supabase/lite.
select pg_temp.as_owner();
create function pg_temp.writes() returns setof text language sql as $$
  select pg_temp.attempt(statement) from unnest(array[
    $w$insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end)
      values ('MID-CCCCCCCCCCCCCCCC', '111111', pg_temp.id('tutor'), pg_temp.id('student'), '2030-01-01',
    '2030-01-02')$w$,
    $w$update video_meetings set passcode = '111111'$w$,
    $w$delete from video_meetings$w$,
    $w$insert into video_participants (meeting, user_id, user_type)
      values (pg_temp.id('meeting'), pg_temp.id('other_student'), 'guest')$w$,
    $w$update video_participants set is_muted = true$w$,
    $w$delete from video_participants$w$]) as statement
$$;
select pg_temp.as_user('tutor');
select results_eq('select * from pg_temp.writes()', $$select '42501' from generate_series(1, 6)$$,
  'MEET-12 the tutor writes nothing');
select pg_temp.as_owner();
grant all on video_meetings, video_participants to anon, authenticated;
select results_eq('select * from pg_temp.writes()',
    $$values ('42501'), ('0 rows'), ('0 rows'), ('42501'), ('0 rows'), ('0 rows')$$,
    'MEET-13 with table grants, the ' || actor || ' writes nothing')
  from unnest(array['tutor', 'student', 'other_tutor', 'stranger', 'admin']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_anon();
select results_eq('select * from pg_temp.writes()',
  $$values ('42501'), ('0 rows'), ('0 rows'), ('42501'), ('0 rows'), ('0 rows')$$, 'MEET-14 nor anon');
select is(pg_temp.visible('video_meetings') || pg_temp.visible('video_participants'), '00', 'MEET-15 who sees nothing');

-- What the service writes is held to the rules.
select pg_temp.as_service();
create function pg_temp.meet(changes jsonb) returns text language sql as $$
  select pg_temp.attempt_insert('video_meetings', jsonb_build_object('id', pg_temp.id('new'),
    'meeting_id', 'MID-CCCCCCCCCCCCCCC1', 'passcode', '000000', 'tutor_id', pg_temp.id('tutor'),
    'student_id', pg_temp.id('student'), 'scheduled_start', '2030-01-01T10:00Z', 'scheduled_end', '2030-01-01T11:00Z')
    || changes)
$$;
select is(pg_temp.meet(changes), refusal, 'MEET-16 refused: ' || changes::text) from (values
  ('{"meeting_id": "MID-CCCCCCCCCCCCCCC"}'::jsonb, '23514'), ('{"meeting_id": "mid-CCCCCCCCCCCCCCC1"}', '23514'),
  ('{"meeting_id": "MID-AAAAAAAAAAAAAAAA"}', '23505'), ('{"passcode": "12345"}', '23514'),
  ('{"passcode": "12345a"}', '23514'), ('{"scheduled_end": "2030-01-01T10:00Z"}', 'invalid_field'),
  ('{"scheduled_end": "2030-01-02T10:00:01Z"}', 'invalid_field'), ('{"scheduled_end": null}', 'invalid_field'),
  ('{"scheduled_end": "infinity"}', 'invalid_field'), ('{"scheduled_start": "-infinity"}', 'invalid_field'),
  ('{"status": "paused"}', '23514')) as refused (changes, refusal);
select is(pg_temp.meet(jsonb_build_object('student_id', pg_temp.id('tutor'))), 'invalid_field',
  'MEET-17 a tutor does not meet themself');
select is(pg_temp.attempt($$insert into video_participants (meeting, user_type)
    values (pg_temp.id('meeting'), 'student')$$), '23514', 'MEET-18 only guests have no account');
select is(pg_temp.attempt($$insert into video_participants (meeting, user_id, user_type)
    values (pg_temp.id('meeting'), pg_temp.id('student'), 'student')$$), '23505', 'MEET-19 one row for one user');
select is(pg_temp.attempt($$insert into video_participants (meeting, user_type, session_id)
    values (pg_temp.id('meeting'), 'guest', 'desk'), (pg_temp.id('meeting'), 'guest', 'desk')$$), '23505', 'MEET-37 or one session id');

-- Both sides hear of it, but for the one who did it.
select private.act_for(pg_temp.id('tutor'));
select is(pg_temp.meet('{}'), '1 row', 'MEET-20 the service makes a meeting');
update video_meetings set scheduled_end = '2030-01-01T12:00Z' where id = pg_temp.id('new');
update video_meetings set recording_url = 'https://r.example/1' where id = pg_temp.id('new');
select private.act_for(null);
update video_meetings set status = 'active' where id = pg_temp.id('new');
update video_meetings set status = 'completed' where id = pg_temp.id('new');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_created', 'video_meeting_rescheduled', 'video_meeting_started'],
  'MEET-21 the student hears what the tutor did');
select is((select count(*) from notifications n where to_jsonb(n)::text like '%000000"%'
    or n.data <> '{"meeting_id": "MID-CCCCCCCCCCCCCCC1"}'), 0::bigint, 'MEET-22 without the passcode');
select pg_temp.as_user('tutor');
select is(pg_temp.told(), array['video_meeting_started'], 'MEET-23 the tutor what they did not do');
select pg_temp.clear();
select pg_temp.as_service();
update video_meetings set status = 'cancelled' where id = pg_temp.id('foreign_meeting');
update video_meetings set scheduled_start = scheduled_start - interval '1 hour'
    where id = pg_temp.id('foreign_meeting');
delete from video_meetings where id in (pg_temp.id('foreign_meeting'), pg_temp.id('new'));
select is(pg_temp.told(), array['video_meeting_cancelled'], 'MEET-24 the ' || actor || ' hears of the end, once')
  from unnest(array['other_tutor', 'other_student']) as actor, lateral pg_temp.as_user(actor);
select pg_temp.as_user('stranger');
select is(pg_temp.told(), '{}', 'MEET-25 a stranger of nothing');

-- Lifecycle, trail and sweep.
select pg_temp.as_service();
create function pg_temp.move(status text) returns text language sql as $$
  select pg_temp.attempt(format('update video_meetings set status = %L where id = %L', status, pg_temp.id('meeting')))
$$;
select is(pg_temp.move('completed'), 'invalid_transition', 'MEET-26 nothing completes before its start');
select is(pg_temp.move('active'), '1 row', 'MEET-27 pending becomes active');
select is(pg_temp.move(status), 'invalid_transition', 'MEET-28 active does not become ' || status)
  from unnest(array['pending', 'cancelled']) as status;
update video_meetings set scheduled_start = now() - interval '37 hours', scheduled_end = now() - interval '36 hours'
  where id = pg_temp.id('meeting');
select is(pg_temp.visible('video_meetings') || pg_temp.visible('video_participants'), '00',
    'MEET-29 the ' || actor || ' does not see an overdue meeting as active, nor who is in it')
  from unnest(array['tutor', 'student', 'admin']) as actor, lateral pg_temp.as_user(actor);
select is(pg_temp.attempt('select private.sweep_video_meetings()'), '42501', 'MEET-30 not even an admin sweeps');
select pg_temp.as_service();
select private.sweep_video_meetings();
select pg_temp.as_user('student');
select results_eq('select status from video_meetings', array['completed'], 'MEET-31 the service does: it is completed');
select is(pg_temp.visible('session_audit'), '0', 'MEET-32 the student does not read the trail');
select pg_temp.as_user('tutor');
select is((select array_agg(a.action order by a.created_at) from session_audit a
    where a.session_id = pg_temp.id('meeting') and a.action not like 'participant%'),
  array['created', 'active', 'changed', 'completed'], 'MEET-33 the tutor does');
select is((select count(*) from session_audit a where a.session_id = pg_temp.id('meeting')
    and a.action = 'participant_added'), 4::bigint, 'MEET-34 with who came in');

select * from finish();
rollback;
