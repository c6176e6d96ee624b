-- Threat: someone makes a meeting that is not theirs to make, or chooses its ID or passcode, or a repeated request makes
-- another one.
\ir support/people.psql
\ir support/video_meetings.psql
\ir support/calls.psql
\ir support/video_meeting_calls.psql
select plan(60);

create function pg_temp.booked(changes jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('booking_id', pg_temp.id('free_booking'), 'tutor_id', pg_temp.id('tutor'),
    'student_id', pg_temp.id('student'), 'scheduled_start', now() + interval '1 day',
    'scheduled_end', now() + interval '25 hours') || changes
$$;
create function pg_temp.create(request jsonb default pg_temp.booked(), key text default null, pick text default 'meetingId',
  name text default 'C', passcode text default '000001', person text default 'tutor') returns text language sql as $$
  select pg_temp.call(format('create_video_meeting(%L, %L, %L, %L, %L)', pg_temp.id(person), request,
    pg_temp.mid(name), passcode, key), pick)
$$;
-- One more, in place of the last.
create function pg_temp.flood() returns text language plpgsql security definer as $$
begin
  delete from public.video_meetings m where m.meeting_id = pg_temp.mid('N');
  return pg_temp.create(name => 'N');
end
$$;
select pg_temp.as_owner();
insert into bookings (id, tutor_id, student_id) values
  (pg_temp.id('free_booking'), pg_temp.id('tutor'), pg_temp.id('student')),
  (pg_temp.id('foreign_booking'), pg_temp.id('other_tutor'), pg_temp.id('other_student')),
  (pg_temp.id('odd_booking'), pg_temp.id('student'), pg_temp.id('other_student')),
  (pg_temp.id('own_booking'), pg_temp.id('tutor'), pg_temp.id('tutor'));
select pg_temp.clear();

-- Whoever makes it themself chooses what is guessed.
select pg_temp.as_anon();
select is(pg_temp.create(), '42501', 'VMM-01 anon makes no meeting');
select is(pg_temp.create(), '42501', 'VMM-02 nor does a ' || name || ' past the function')
  from unnest(array['tutor', 'student', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_service();
select is(pg_temp.create(person => name), 'not_the_tutor 403', format('VMM-03 nor does a %s, as the tutor', name))
  from unnest(array['student', 'other_tutor', 'other_student', 'stranger', 'premium', 'admin', 'therapist', null]) as name;
select is(pg_temp.create(pg_temp.booked(jsonb_build_object('tutor_id', pg_temp.id('student'),
  'booking_id', pg_temp.id('odd_booking'), 'student_id', pg_temp.id('other_student'))), person => 'student'),
  'not_the_tutor 403', 'VMM-04 nor who is no tutor, whatever the booking says');
select is(pg_temp.create(pg_temp.booked(changes)), refusal, 'VMM-05 refused: ' || left(changes::text, 70)) from (values
  ('{"tutor_id": null}'::jsonb, 'not_the_tutor 403'),
  (jsonb_build_object('tutor_id', pg_temp.id('other_tutor')), 'not_the_tutor 403'),
  (jsonb_build_object('booking_id', pg_temp.id('booking')), 'meeting_exists 409'),
  (jsonb_build_object('booking_id', pg_temp.id('foreign_booking')), 'booking_not_found 404'),
  (jsonb_build_object('booking_id', pg_temp.id('foreign_booking'), 'student_id', pg_temp.id('other_student')),
    'booking_not_found 404'),
  (jsonb_build_object('booking_id', gen_random_uuid()), 'booking_not_found 404'),
  ('{"booking_id": null}', 'booking_not_found 404'),
  (jsonb_build_object('student_id', pg_temp.id('other_student')), 'booking_not_found 404'),
  (jsonb_build_object('student_id', pg_temp.id('tutor')), 'booking_not_found 404'),
  (jsonb_build_object('booking_id', pg_temp.id('own_booking'), 'student_id', pg_temp.id('tutor')),
    'invalid_field 422 studentId'),
  ('{"student_id": null}', 'booking_not_found 404'),
  ('{"scheduled_start": null}', 'invalid_field 422 scheduledStart'),
  ('{"scheduled_start": "-infinity"}', 'invalid_field 422 scheduledStart'),
  ('{"scheduled_end": null}', 'invalid_field 422 scheduledEnd'),
  ('{"scheduled_end": "infinity"}', 'invalid_field 422 scheduledEnd'),
  (jsonb_build_object('scheduled_end', now() + interval '1 day'), 'invalid_field 422 scheduledEnd'),
  (jsonb_build_object('scheduled_end', now() + interval '48 hours 1 second'), 'invalid_field 422 scheduledEnd'),
  (jsonb_build_object('scheduled_start', now() - interval '1 hour', 'scheduled_end', now()),
    'invalid_field 422 scheduledEnd'),
  (jsonb_build_object('scheduled_start', now() + interval '2 years', 'scheduled_end', now() + interval '2 years 1 hour'),
    'invalid_field 422 scheduledEnd')) as refused (changes, refusal);
select is(pg_temp.create(name => 'short', passcode => '12345'), '23514', 'VMM-06 a passcode has six digits');
select is(pg_temp.create(name => 'lower'), '23514', 'VMM-07 an ID capitals and digits');
select is(pg_temp.create(name => 'meeting'), '23505', 'VMM-08 and is nobody else''s');
select is(pg_temp.visible('video_meetings'), '2', 'VMM-09 nothing came of all that');

-- The right one, once.
select is(pg_temp.create(key => 'one'), pg_temp.mid('C'), 'VMM-10 a tutor makes the meeting of a booking');
select is(pg_temp.create(key => 'one', name => 'D', passcode => '000002'), pg_temp.mid('C'),
  'VMM-11 a key makes one meeting');
select is(pg_temp.create(key => 'one', name => 'D', pick => 'passcode'), '000001',
  'VMM-12 with the passcode of the first');
select is(pg_temp.create(pg_temp.booked(jsonb_build_object('scheduled_end', now() + interval '26 hours')), 'one'),
  'idempotency_key_reused 422 Idempotency-Key', 'VMM-13 of one request');
select is(pg_temp.create(key => key), 'invalid_field 422 Idempotency-Key', 'VMM-14 and has 1 to 255 characters')
  from unnest(array['', repeat('k', 256)]) as key;
select is(pg_temp.create(key => 'two', name => 'D'), 'meeting_exists 409', 'VMM-15 a booking has one meeting');
select is(pg_temp.create(key => 'one', pick => ''),
  'bookingId meetingId passcode recordingUrl scheduledEnd scheduledStart status studentId tutorId',
  'VMM-16 a tutor knows all of it');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_created'], 'VMM-17 the student hears of it');
select pg_temp.as_user('tutor');
select is(pg_temp.told(), '{}', 'VMM-18 who made it does not');
select results_eq($$select actor_id from session_audit where action = 'created' and session_id = (
    select id from video_meetings where meeting_id = pg_temp.mid('C'))$$, $$values (pg_temp.id('tutor'))$$,
  'VMM-19 the trail knows who did');
select pg_temp.as_service();
select is(pg_temp.create(pg_temp.booked(jsonb_build_object('booking_id', pg_temp.id('foreign_booking'),
  'tutor_id', pg_temp.id('other_tutor'), 'student_id', pg_temp.id('other_student'))), 'one', name => 'E',
  person => 'other_tutor'), pg_temp.mid('E'), 'VMM-20 another''s key is another key');

-- And the next.
select pg_temp.as_user('tutor');
select is(pg_temp.change('cancel', 'C'), 'cancelled', 'VMM-21 once it is cancelled');
select pg_temp.as_service();
select is(pg_temp.create(key => 'two', name => 'D'), pg_temp.mid('D'), 'VMM-22 the booking gets another');
select pg_temp.plan_at(now() - interval '1 hour', now() + interval '1 second', 'D');
select is(pg_temp.create(name => 'F'), 'meeting_exists 409', 'VMM-23 though not before its end');
select pg_temp.plan_at(now() - interval '1 hour', now(), 'D');
select is(pg_temp.create(name => 'F'), pg_temp.mid('F'), 'VMM-24 but at it, when nobody said that it is over');
-- The plan of a request that is repeated after its meeting.
create temporary table past as select pg_temp.booked(
  jsonb_build_object('scheduled_start', now() - interval '2 hours', 'scheduled_end', now() - interval '1 hour')) as request;
grant select on past to public;
select pg_temp.as_owner();
update private.idempotency_keys k set request = p.request from past p where k.key = 'two';
select pg_temp.as_service();
select is(pg_temp.create(p.request, 'two'), pg_temp.mid('D'), 'VMM-25 a repeat has its answer after the end, too') from past p;
select is(pg_temp.create(p.request), 'meeting_exists 409', 'VMM-26 and is no request for the past') from past p;
select pg_temp.as_owner();
delete from video_meetings where meeting_id in (pg_temp.mid('D'), pg_temp.mid('F'));
select pg_temp.as_service();
select is(pg_temp.create(p.request, 'two'), 'idempotency_key_spent 409',
  'VMM-27 a deleted one does not come back by its key') from past p;

-- Sixty within an hour, which is what a student may have to hear of.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.flood(), ' ') from generate_series(1, 60)), pg_temp.mid('N'),
  'VMM-28 sixty meetings');
select is(pg_temp.flood(), 'too_many_meetings 429', 'VMM-29 and no more');
select is(pg_temp.retry_after() between 3590 and 3600, true, 'VMM-30 within an hour');
select is(pg_temp.create(key => 'one'), pg_temp.mid('C'), 'VMM-31 but what is there already is answered');
select pg_temp.rest();
select is(pg_temp.flood(), pg_temp.mid('N'), 'VMM-32 nor an hour later');

select * from finish();
rollback;
