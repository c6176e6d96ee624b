-- Threat: by the functions of meetings with a passcode, someone makes a meeting that is not theirs to make, gets into one
-- without the passcode, at the wrong time or as somebody else, learns what is its parties' alone, acts for another in it, or
-- keeps its tutor and student out. What guessing comes to is in 30_passcode_guessing.sql.
\ir support/people.psql
\ir support/video_meetings.psql
\ir support/calls.psql
select plan(272);

create function pg_temp.mid(name text) returns text language sql immutable as $$
  select case name when 'meeting' then 'MID-AAAAAAAAAAAAAAAA' when 'foreign_meeting' then 'MID-BBBBBBBBBBBBBBBB'
    else 'MID-' || rpad(name, 16, '0') end
$$;
-- The calls of the service, each for a person, or for a guest who is not signed in.
create function pg_temp.read(person text, passcode text default null, pick text default '', meeting text default 'meeting')
returns text language sql as $$
  select pg_temp.call(format('read_video_meeting(%L, %L, ''192.0.2.1'', %L)', pg_temp.mid(meeting), pg_temp.id(person),
    passcode), pick)
$$;
create function pg_temp.join(person text, user_type text, passcode text default null, session_id text default null,
  pick text default 'userType', meeting text default 'meeting', address text default '192.0.2.1')
returns text language sql as $$
  select pg_temp.call(format('join_video_meeting(%L, %L, %L, %L, %L, %L)', pg_temp.mid(meeting), pg_temp.id(person),
    address, passcode, user_type, session_id), pick)
$$;
create function pg_temp.leave(person text, session_id text default null, meeting text default 'meeting')
returns text language sql as $$
  select pg_temp.call(format('leave_video_meeting(%L, %L, %L)', pg_temp.mid(meeting), pg_temp.id(person), session_id), 'left')
$$;
create function pg_temp.mute(person text, whom text default null, is_muted boolean default true, session_id text default null,
  meeting text default 'meeting') returns text language sql as $$
  select pg_temp.call(format('mute_video_participant(%L, %L, %L, %L, %L)', pg_temp.mid(meeting), pg_temp.id(person),
    session_id, pg_temp.id(whom), is_muted), 'isMuted')
$$;
-- A change as whoever is signed in.
create function pg_temp.change(action text, meeting text default 'meeting', pick text default 'status') returns text
language sql as $$ select pg_temp.call(format('change_video_meeting(%L, %L)', pg_temp.mid(meeting), action), pick) $$;
create function pg_temp.plan_at(begins timestamptz, ends timestamptz, meeting text default 'meeting') returns void
language sql security definer as $$
  update public.video_meetings m set scheduled_start = begins, scheduled_end = ends where m.meeting_id = pg_temp.mid(meeting)
$$;
create function pg_temp.status_of(meeting text default 'meeting') returns text language sql security definer as $$
  select m.status from public.video_meetings m where m.meeting_id = pg_temp.mid(meeting)
$$;
-- Who is in it: types and, for users, names; muted ones with a star.
create function pg_temp.people_in(meeting text default 'meeting') returns text language sql security definer as $$
  select coalesce(string_agg(coalesce(split_part(u.email, '@', 1), p.session_id) || case when p.is_muted then '*' else '' end,
    ' ' order by coalesce(split_part(u.email, '@', 1), p.session_id)), '')
  from public.video_participants p join public.video_meetings m on m.id = p.meeting left join auth.users u on u.id = p.user_id
  where m.meeting_id = pg_temp.mid(people_in.meeting) and p.left_at is null
$$;
create function pg_temp.tries() returns bigint language sql security definer as $$
  select count(*) from private.passcode_attempts
$$;

-- Making one. The booking has a meeting already: at first it is another one's turn.
create function pg_temp.booked(changes jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('booking_id', pg_temp.id('free_booking'), 'tutor_id', pg_temp.id('tutor'),
    'student_id', pg_temp.id('student'), 'scheduled_start', '2030-06-01T10:00Z', 'scheduled_end', '2030-06-01T11:00Z')
    || changes
$$;
create function pg_temp.create(request jsonb default pg_temp.booked(), key text default null, pick text default 'meetingId',
  name text default 'C', passcode text default '000001') returns text language sql as $$
  select pg_temp.call(format('create_video_meeting(%L, %L, %L)', request,
    jsonb_build_object('meeting_id', pg_temp.mid(name), 'passcode', passcode), key), pick)
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
  (pg_temp.id('odd_booking'), pg_temp.id('student'), pg_temp.id('other_student'));
delete from video_participants;
select pg_temp.clear();
select pg_temp.as_anon();
select is(pg_temp.create(), '42501', 'VMF-01 anon makes no meeting');
select pg_temp.as_service();
select is(pg_temp.create(), '42501', 'VMF-02 nor does the service');
select is(pg_temp.create(request), 'not_the_tutor 403', format('VMF-03 nor does a %s, %s', name, as_whom))
  from unnest(array['student', 'other_tutor', 'other_student', 'stranger', 'premium', 'admin', 'therapist']) as name,
    lateral pg_temp.as_user(name), lateral (values ('as the tutor', pg_temp.booked())) as requests (as_whom, request);
select pg_temp.as_user('student');
select is(pg_temp.create(pg_temp.booked(jsonb_build_object('tutor_id', pg_temp.id('student'),
  'booking_id', pg_temp.id('odd_booking'), 'student_id', pg_temp.id('other_student')))), 'not_the_tutor 403',
  'VMF-04 nor who is no tutor, whatever the booking says');
select pg_temp.as_user('tutor');
select is(pg_temp.create(pg_temp.booked(changes)), refusal, 'VMF-05 refused: ' || left(changes::text, 70)) from (values
  ('{"tutor_id": null}'::jsonb, 'not_the_tutor 403'), ('{"tutor_id": "x"}', 'invalid_field 422 scheduledStart'),
  (jsonb_build_object('tutor_id', pg_temp.id('other_tutor')), 'not_the_tutor 403'),
  (jsonb_build_object('booking_id', pg_temp.id('booking')), 'meeting_exists 409'),
  (jsonb_build_object('booking_id', pg_temp.id('foreign_booking')), 'booking_not_found 404'),
  (jsonb_build_object('booking_id', pg_temp.id('foreign_booking'), 'student_id', pg_temp.id('other_student')),
    'booking_not_found 404'),
  (jsonb_build_object('booking_id', gen_random_uuid()), 'booking_not_found 404'),
  ('{"booking_id": null}', 'booking_not_found 404'), ('{"booking_id": "x"}', 'invalid_field 422 scheduledStart'),
  (jsonb_build_object('student_id', pg_temp.id('other_student')), 'booking_not_found 404'),
  (jsonb_build_object('student_id', pg_temp.id('tutor')), 'booking_not_found 404'),
  ('{"student_id": null}', 'booking_not_found 404'),
  ('{"scheduled_start": null}', 'invalid_field 422 scheduled_start'),
  ('{"scheduled_start": "soon"}', 'invalid_field 422 scheduledStart'),
  ('{"scheduled_start": "-infinity"}', 'invalid_field 422 scheduled_start'),
  ('{"scheduled_end": null}', 'invalid_field 422 scheduled_end'),
  ('{"scheduled_end": "infinity"}', 'invalid_field 422 scheduled_end'),
  ('{"scheduled_end": "2030-06-01T10:00Z"}', 'invalid_field 422 scheduled_end'),
  ('{"scheduled_end": "2030-06-02T10:00:01Z"}', 'invalid_field 422 scheduled_end'),
  ('{"scheduled_start": "2020-06-01T10:00Z", "scheduled_end": "2020-06-01T11:00Z"}', 'invalid_field 422 scheduled_end'),
  ('{"scheduled_start": "9999-06-01T10:00Z", "scheduled_end": "9999-06-01T11:00Z"}', 'invalid_field 422 scheduled_start'),
  (jsonb_build_object('more', repeat('x', 70000)), 'too_large 413')) as refused (changes, refusal);
select is(pg_temp.create(name => 'short', passcode => '12345'), '23514', 'VMF-06 a passcode has six digits');
select is(pg_temp.create(name => 'lower'), '23514', 'VMF-07 an ID capitals and digits');
select is(pg_temp.create(name => 'meeting'), '23505', 'VMF-08 and is nobody else''s');
select is(pg_temp.visible('video_meetings'), '1', 'VMF-09 nothing came of all that');

select is(pg_temp.create(key => 'one'), pg_temp.mid('C'), 'VMF-10 a tutor makes the meeting of a booking');
select is(pg_temp.create(key => 'one', name => 'D', passcode => '000002'), pg_temp.mid('C'),
  'VMF-11 a key makes one meeting');
select is(pg_temp.create(key => 'one', name => 'D', pick => 'passcode'), '000001',
  'VMF-12 with the passcode of the first');
select is(pg_temp.create(pg_temp.booked('{"scheduled_end": "2030-06-01T12:00Z"}'), 'one'),
  'idempotency_key_reused 422 Idempotency-Key', 'VMF-13 of one request');
select is(pg_temp.create(key => key), 'invalid_field 422 Idempotency-Key', 'VMF-14 and has 1 to 255 characters')
  from unnest(array['', repeat('k', 256)]) as key;
select is(pg_temp.create(key => 'two', name => 'D'), 'meeting_exists 409', 'VMF-15 a booking has one meeting');
select is(pg_temp.create(key => 'one', pick => ''),
  'bookingId meetingId passcode recordingUrl scheduledEnd scheduledStart status studentId tutorId',
  'VMF-16 a tutor knows all of it');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_created'], 'VMF-17 the student hears of it');
select pg_temp.as_user('other_tutor');
select is(pg_temp.create(pg_temp.booked(jsonb_build_object('booking_id', pg_temp.id('foreign_booking'),
  'tutor_id', pg_temp.id('other_tutor'), 'student_id', pg_temp.id('other_student'))), 'one', name => 'E'), pg_temp.mid('E'),
  'VMF-18 another''s key is another key');
select pg_temp.as_user('tutor');
select is(pg_temp.change('cancel', 'C'), 'cancelled', 'VMF-19 once it is cancelled');
select is(pg_temp.create(key => 'two', name => 'D'), pg_temp.mid('D'), 'VMF-20 the booking gets another');
select pg_temp.as_owner();
update video_meetings set scheduled_start = now() - interval '37 hours', scheduled_end = now() - interval '36 hours'
  where meeting_id = pg_temp.mid('D');
select pg_temp.as_user('tutor');
select is(pg_temp.create(name => 'F'), pg_temp.mid('F'), 'VMF-21 also when nobody said that the last one is over');
select pg_temp.as_owner();
delete from video_meetings where meeting_id in (pg_temp.mid('D'), pg_temp.mid('F'));
select pg_temp.as_user('tutor');
select is(pg_temp.create(key => 'two'), 'idempotency_key_spent 409',
  'VMF-22 a deleted one does not come back by its key');

-- Sixty within an hour, which is what a student may have to hear of.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.flood(), ' ') from generate_series(1, 60)), pg_temp.mid('N'),
  'VMF-23 sixty meetings');
select is(pg_temp.flood(), 'too_many_meetings 429', 'VMF-24 and no more');
select is(pg_temp.retry_after() between 3590 and 3600, true, 'VMF-25 within an hour');
select is(pg_temp.create(key => 'one'), pg_temp.mid('C'), 'VMF-26 but what is there already is answered');
select pg_temp.rest();
select is(pg_temp.flood(), pg_temp.mid('N'), 'VMF-27 nor an hour later');

-- Reading. Only the service asks, for whose token it verified.
select is(pg_temp.read('tutor'), '42501', 'VMF-28 no ' || name || ' says who they are')
  from unnest(array['tutor', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.join('tutor', 'tutor') || pg_temp.leave('tutor') || pg_temp.mute('tutor'), '425014250142501',
    'VMF-29 nor does a ' || name || ' in any other call')
  from unnest(array['tutor', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.read('tutor') || pg_temp.join('tutor', 'tutor') || pg_temp.leave('tutor') || pg_temp.mute('tutor'),
  '42501425014250142501', 'VMF-30 nor does anon');
select pg_temp.as_owner();
update video_meetings set recording_url = 'https://r.example/1' where id = pg_temp.id('meeting');
select pg_temp.as_service();
select is(pg_temp.read(name),
    'bookingId meetingId passcode recordingUrl scheduledEnd scheduledStart status studentId tutorId',
    'VMF-31 the ' || name || ' reads all of it') from unnest(array['tutor', 'student']) as name;
select is(pg_temp.read(name, '000000', 'passcode'), '123456', 'VMF-32 with a wrong passcode too, the ' || name)
  from unnest(array['tutor', 'student']) as name;
select is(pg_temp.tries(), 0::bigint, 'VMF-33 which is no try');
select is(pg_temp.read(name), 'meeting_not_found 404',
    'VMF-34 without one, not ' || coalesce(name, 'who is not signed in'))
  from unnest(array['other_tutor', 'other_student', 'stranger', 'admin', null]) as name;
select is(read_video_meeting(pg_temp.mid('meeting'), null, 'x', null), read_video_meeting(pg_temp.mid('Z'), null, 'x', null),
  'VMF-35 who do not hear whether there is one');
select is(pg_temp.tries(), 0::bigint, 'VMF-36 that is no try either');
select is(pg_temp.read(name, '123456'), 'meetingId scheduledEnd scheduledStart status',
    'VMF-37 the passcode tells when it is, and nothing of who, to ' || coalesce(name, 'who is not signed in'))
  from unnest(array['other_tutor', 'other_student', 'stranger', 'admin', null]) as name;
select is(pg_temp.read(null, '654321'), 'meeting_not_found 404', 'VMF-38 the passcode of another meeting does not');
select is(pg_temp.read('tutor', null, '', 'foreign_meeting'), 'meeting_not_found 404',
  'VMF-39 a tutor is not every tutor');
select is((select string_agg(distinct pg_temp.read('stranger', '000000'), ' ') from generate_series(1, 5)),
  'meeting_not_found 404', 'VMF-40 a user has five tries');
select is(pg_temp.call(format('read_video_meeting(%L, %L, %L, ''123456'')', pg_temp.mid('meeting'), pg_temp.id('stranger'),
  address)), 'too_many_attempts 429',
  'VMF-41 from wherever they come') from unnest(array['203.0.113.1', null]) as address;
select is(pg_temp.retry_after() between 890 and 900, true, 'VMF-42 within a quarter of an hour');
select is(pg_temp.read(null, '123456', 'status'), 'pending', 'VMF-43 who is not signed in is another');
select is(pg_temp.call(format('read_video_meeting(%L, null, %L, ''123456'')', pg_temp.mid('meeting'),
  'user ' || pg_temp.id('stranger')), 'status'), 'pending', 'VMF-44 and no address is a user');
select pg_temp.as_owner();
delete from private.passcode_attempts;

-- Joining, at its time.
select pg_temp.as_service();
create temporary table entrants (person text, user_type text, passcode text);
insert into entrants values ('tutor', 'tutor', null), ('student', 'student', null), ('stranger', 'guest', '123456'),
  (null, 'guest', '123456');
grant select on entrants to public;
select pg_temp.plan_at(now() + interval '2 days', now() + interval '2 days 1 hour');
select is(pg_temp.join(person, user_type, passcode), 'too_early 409',
    'VMF-45 days before is too early for a ' || user_type)
  from entrants;
select is(pg_temp.retry_after(), 86400, 'VMF-46 to come back after a day');
select pg_temp.plan_at(now() + interval '16 minutes', now() + interval '1 hour');
select is(pg_temp.join(person, user_type, passcode), 'too_early 409', 'VMF-47 so is a quarter of an hour and a minute')
  from entrants;
select is(pg_temp.retry_after(), 60, 'VMF-48 to come back after that minute');
select is(pg_temp.status_of() || pg_temp.people_in(), 'pending', 'VMF-49 nobody is in it, and nothing began');
select pg_temp.plan_at(now() - interval '1 hour', now());
select is(pg_temp.join(person, user_type, passcode), 'meeting_over 409', 'VMF-50 its end is too late') from entrants;
select pg_temp.as_owner();
insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end, status) values
  (pg_temp.mid('CANCELLED'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now(),
    now() + interval '1 hour', 'cancelled'),
  (pg_temp.mid('COMPLETED'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now(),
    now() + interval '1 hour', 'completed'),
  (pg_temp.mid('OVERDUE'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now() - interval '37 hours',
    now() - interval '14 hours', 'active');
select pg_temp.as_service();
select is(pg_temp.join(person, user_type, passcode, meeting => meeting), refusal,
    format('VMF-51 a %s, %s', user_type, refusal))
  from entrants, (values ('CANCELLED', 'meeting_cancelled 409'), ('COMPLETED', 'meeting_over 409'),
    ('OVERDUE', 'meeting_not_found 404'), ('Z', 'meeting_not_found 404')) as closed (meeting, refusal);
select pg_temp.as_owner();
delete from private.passcode_attempts;
select pg_temp.plan_at(now() + interval '15 minutes', now() + interval '1 hour');
select pg_temp.clear();
select pg_temp.as_service();

-- Nor without the passcode, or as somebody else.
select is(pg_temp.join(name, 'guest'), 'meeting_not_found 404',
    'VMF-52 not without a passcode: ' || coalesce(name, 'nobody'))
  from unnest(array['other_tutor', 'other_student', 'stranger', 'admin', null]) as name;
select is(pg_temp.join(null, user_type, '000000'), 'meeting_not_found 404',
    'VMF-53 a wrong one says so alone, as a ' || user_type)
  from unnest(array['guest', 'tutor']) as user_type;
select is(pg_temp.tries(), 2::bigint, 'VMF-54 and counts');
select is(pg_temp.join(person, user_type, passcode), 'wrong_user_type 403',
    format('VMF-55 %s is no %s', coalesce(person, 'nobody'),
    coalesce(user_type, 'null'))) from (values ('tutor', 'student', null), ('tutor', 'guest', '123456'), ('student', 'tutor', null),
      ('student', 'guest', '123456'), ('other_tutor', 'tutor', '123456'), ('stranger', 'student', '123456'),
      (null, 'tutor', '123456'), (null, 'student', '123456'), (null, null, '123456'), ('tutor', null, null),
      (null, 'admin', '123456')) as pretended (person, user_type, passcode);
select is(pg_temp.people_in(), '', 'VMF-56 nobody got in');
select is(pg_temp.status_of(), 'pending', 'VMF-57 and nothing began');

-- Who gets in.
select is(pg_temp.join('student', 'student'), 'student', 'VMF-58 the student, from a quarter of an hour before');
select is(pg_temp.join(null, 'guest', '123456', 'first guest'), 'guest', 'VMF-59 a guest');
select is(pg_temp.status_of(), 'pending', 'VMF-60 which begins nothing');
select is(pg_temp.join('tutor', 'tutor', null, 'desk'), 'tutor', 'VMF-61 the tutor');
select is(pg_temp.status_of(), 'active', 'VMF-62 with whom it begins');
select is(pg_temp.join('stranger', 'guest', '123456'), 'guest', 'VMF-63 a guest with an account');
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VMF-64 and that is all');
select is(pg_temp.join('tutor', 'tutor', pick => ''), 'name participantId scheduledEnd sessionId userType',
  'VMF-65 they learn who they are in it, and neither passcode nor people');
select is(pg_temp.join('tutor', 'tutor', pick => 'sessionId'), 'desk', 'VMF-66 who comes again, is who they were');
select is(pg_temp.join('tutor', 'tutor', session_id => 'phone', pick => 'sessionId'), 'phone',
  'VMF-67 or has a new session');
select pg_temp.as_owner();
update profiles set full_name = 'Tim' where id = pg_temp.id('tutor');
select pg_temp.as_service();
select is(pg_temp.join('tutor', 'tutor', pick => 'name'), 'Tim', 'VMF-68 under their name');
select is(pg_temp.join(null, 'guest', '123456', 'first guest', 'name'), null, 'VMF-69 which a guest has none of');
select pg_temp.join(null, 'guest', '123456', 'first guest', 'participantId') as first_guest \gset
select is(pg_temp.join(null, 'guest', '123456', 'first guest', 'participantId'), :'first_guest',
  'VMF-70 a guest comes back');
select isnt(pg_temp.join(null, 'guest', '123456', 'phone', 'participantId'), (select id::text from video_participants
  where user_id = pg_temp.id('tutor')), 'VMF-71 and with a user''s session id is no user');
select isnt(pg_temp.join('other_student', 'guest', '123456', 'first guest', 'participantId'), :'first_guest',
  'VMF-72 nor is a user another guest');
select pg_temp.plan_at(now(), now() + interval '1 hour', 'foreign_meeting');
select isnt(pg_temp.join(null, 'guest', '654321', 'first guest', 'participantId', 'foreign_meeting'), :'first_guest',
  'VMF-73 a session id is one in its meeting');
select matches(pg_temp.join(null, 'guest', '123456', pick => 'sessionId'), '^[0-9a-f-]{36}$',
  'VMF-74 who brings none gets one that nobody guesses');
select results_eq($$select actor_id, actor_role, action from session_audit
    where session_id = pg_temp.id('meeting') and details ->> 'user_id' = pg_temp.id('stranger')::text$$,
  $$values (pg_temp.id('stranger'), 'service_role', 'participant_added')$$, 'VMF-75 the trail knows who came');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_started'], 'VMF-76 the student hears of the beginning');
select pg_temp.as_user('tutor');
select is(pg_temp.told(), '{}', 'VMF-77 who began it does not');

-- Who is in it.
select is(pg_temp.call(format('video_meeting_participants(%L)', pg_temp.mid('meeting')), 'participants.0'),
    'isMuted joinedAt leftAt participantId userId userType', 'VMF-78 the ' || name || ' sees who is in it')
  from unnest(array['tutor', 'student', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.call(format('video_meeting_participants(%L)', pg_temp.mid(meeting))), 'meeting_not_found 404',
    format('VMF-79 the %s does not, in %s', name, meeting)) from (values ('stranger', 'meeting'), ('other_student', 'meeting'),
      ('other_tutor', 'meeting'), ('tutor', 'foreign_meeting'), ('tutor', 'Z'), ('tutor', 'OVERDUE'), ('admin', 'Z'))
    as others (name, meeting), lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.call(format('video_meeting_participants(%L)', pg_temp.mid('meeting'))), '42501',
  'VMF-80 nor does anon');
select pg_temp.as_service();
select is(pg_temp.call(format('video_meeting_participants(%L)', pg_temp.mid('meeting'))), '42501',
  'VMF-81 nor the service');

-- Leaving.
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting')
  and (user_id = pg_temp.id('other_student') or user_type = 'guest' and user_id is null and session_id <> 'first guest');
select pg_temp.as_service();
select is(pg_temp.join('student', 'student', session_id => 'seat'), 'student', 'VMF-82 the student has a session id');
select is(pg_temp.leave(person, session_id), 'meeting_not_found 404', format('VMF-83 %s with %s leaves nothing',
    coalesce(person, 'a guest'), coalesce(session_id, 'no session'))) from (values (null, 'phone'), (null, 'seat'), (null, null),
      (null, ''), (null, :'first_guest'), ('other_tutor', 'phone'), ('admin', 'first guest'), ('other_student', null))
    as leavers (person, session_id);
select is(pg_temp.leave('student', 'first guest', 'foreign_meeting'), 'meeting_not_found 404',
  'VMF-84 nor another meeting');
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VMF-85 all are there');
select is(pg_temp.leave('student', 'first guest'), 'true', 'VMF-86 a user leaves');
select is(pg_temp.people_in(), 'first guest stranger tutor', 'VMF-87 whatever session they name');
select is(pg_temp.leave('student'), 'true', 'VMF-88 twice is the same');
select is(pg_temp.leave(null, 'first guest'), 'true', 'VMF-89 a guest leaves');
select is(pg_temp.people_in(), 'stranger tutor', 'VMF-90 alone');
select is(pg_temp.join(null, 'guest', null, 'first guest'), 'meeting_not_found 404',
  'VMF-91 and needs the passcode again');
select is(pg_temp.join(null, 'guest', '123456', 'first guest', 'participantId'), :'first_guest', 'VMF-92 to come back');
select is(pg_temp.join('student', 'student'), 'student', 'VMF-93 the student does not');
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VMF-94 and they are there');

-- Muting.
select is(pg_temp.mute(person, whom, session_id => session_id), 'not_the_tutor 403',
    format('VMF-95 %s does not mute a %s',
    coalesce(person, 'a guest'), whom)) from (values ('student', 'tutor', null), ('student', 'stranger', null),
      ('stranger', 'student', null), (null, 'tutor', 'first guest'), (null, 'student', 'first guest'),
      ('student', 'nobody', null), ('student', 'admin', null)) as muters (person, whom, session_id);
select is(pg_temp.mute(person, whom, session_id => session_id), 'meeting_not_found 404',
    format('VMF-96 nor does %s with %s',
    coalesce(person, 'a guest'), coalesce(session_id, 'no session'))) from (values (null, null, 'phone'), (null, null, null),
      (null, 'tutor', 'phone'), ('other_tutor', 'student', null), ('other_tutor', null, 'first guest'), ('admin', 'tutor', null))
    as muters (person, whom, session_id);
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VMF-97 nobody is muted');
select is(pg_temp.mute('student'), 'true', 'VMF-98 a student mutes themself');
select is(pg_temp.mute('student', 'student', false), 'false', 'VMF-99 and not, by their id too');
select is(pg_temp.mute('stranger'), 'true', 'VMF-100 a guest with an account themself');
select is(pg_temp.mute(null, session_id => 'first guest'), 'true', 'VMF-101 a guest themself');
select is(pg_temp.people_in(), 'first guest* stranger* student tutor', 'VMF-102 each alone');
select is(pg_temp.mute('tutor', 'student'), 'true', 'VMF-103 a tutor mutes the student');
select is(pg_temp.mute('tutor', 'stranger', false), 'false', 'VMF-104 or not');
select is(pg_temp.mute('tutor'), 'true', 'VMF-105 and themself');
select is(pg_temp.people_in(), 'first guest* stranger student* tutor*', 'VMF-106 alone');
select is(pg_temp.mute('tutor', whom), 'participant_not_found 404',
    'VMF-107 and nobody who is not there, like ' || whom)
  from unnest(array['other_student', 'nobody']) as whom;
select pg_temp.leave('student');
select pg_temp.join('student', 'student');
select is(pg_temp.people_in(), 'first guest* stranger student* tutor*', 'VMF-108 to come again is no way around it');
select is(pg_temp.join('other_tutor', 'tutor', meeting => 'foreign_meeting'), 'tutor',
  'VMF-109 another tutor in their meeting');
select is(pg_temp.mute('other_tutor', 'student', meeting => 'foreign_meeting'), 'participant_not_found 404',
  'VMF-110 mutes nobody in this one');
select results_eq($$select actor_id from session_audit where session_id = pg_temp.id('meeting')
    and details -> 'changed' ? 'is_muted' and details ->> 'user_id' = pg_temp.id('student')::text
    order by created_at desc limit 1$$, $$values (pg_temp.id('tutor'))$$,
  'VMF-111 the trail knows who muted the student');

-- Thirty times in ten minutes, each.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.join(null, 'guest', '123456', 'first guest'), ' ') from generate_series(1, 30)),
  'guest', 'VMF-112 someone comes thirty times');
select is(pg_temp.join(null, 'guest', '123456', session_id), 'too_many_joins 429',
    'VMF-113 and no more, as another or not')
  from unnest(array['first guest', 'second guest', null]) as session_id;
select is(pg_temp.retry_after() between 590 and 600, true, 'VMF-114 within ten minutes');
select is(pg_temp.join(null, 'guest', '123456', 'g', address => '192.0.2.2'), 'guest',
  'VMF-115 which concerns nobody elsewhere');
select is(pg_temp.join('student', 'student'), 'student', 'VMF-116 and no user');
select is(pg_temp.join(null, 'guest', '654321', 'g', meeting => 'foreign_meeting'), 'guest',
  'VMF-117 and no other meeting');
select pg_temp.rest();
select is(pg_temp.join(null, 'guest', '123456', 'first guest'), 'guest', 'VMF-118 nor this one after that');

-- Fifty, besides its parties.
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting') and user_type <> 'guest';
select pg_temp.as_service();
select is((select string_agg(distinct pg_temp.join(null, 'guest', '123456', 'g' || n, address => n::text), ' ')
  from generate_series(1, 47) n), 'guest', 'VMF-119 guests fill a meeting');
select is(pg_temp.join(null, 'guest', '123456', 'one too many'), 'meeting_full 409', 'VMF-120 until it is full');
select is(pg_temp.join('other_student', 'guest', '123456'), 'meeting_full 409', 'VMF-121 also to who has an account');
select is(pg_temp.join(null, 'guest', '123456', 'g1'), 'guest', 'VMF-122 who is in it stays in it');
select is(pg_temp.join(name, name), name, 'VMF-123 its ' || name || ' is not kept out')
  from unnest(array['tutor', 'student']) as name;

-- Ending and cancelling.
select pg_temp.as_anon();
select is(pg_temp.change('end'), '42501', 'VMF-124 anon ends nothing');
select pg_temp.as_service();
select is(pg_temp.change('end'), '42501', 'VMF-125 nor does the service');
select is(pg_temp.change(action), 'meeting_not_found 404', format('VMF-126 nor does the %s (%s)', name, action))
  from unnest(array['student', 'stranger', 'other_tutor', 'admin']) as name, lateral pg_temp.as_user(name),
    lateral (values ('end'), ('cancel'), ('nonsense')) as actions (action);
select pg_temp.as_user('tutor');
select is(pg_temp.change('end', 'Z'), 'meeting_not_found 404', 'VMF-127 nor what there is not');
select is(pg_temp.change('end', 'foreign_meeting'), 'meeting_not_found 404', 'VMF-128 or is another''s');
select is(pg_temp.change(action), 'invalid_field 422 action', 'VMF-129 there is no ' || coalesce(action, 'null'))
  from unnest(array['nonsense', '', 'start', null]) as action;
select is(pg_temp.change('cancel'), 'invalid_transition 409', 'VMF-130 what goes on is not cancelled');
select is(pg_temp.change('end'), 'completed',
  'VMF-131 a tutor ends it, ' || n) from unnest(array['once', 'twice']) as n;
select is(pg_temp.change('end', 'N'), 'invalid_transition 409', 'VMF-132 what is still to come does not end');
select is(pg_temp.change('cancel', 'N'), 'cancelled',
  'VMF-133 it is cancelled, ' || n) from unnest(array['once', 'twice']) as n;
select is(pg_temp.change('end', 'N'), 'invalid_transition 409', 'VMF-134 and does not end after that');
select is(pg_temp.change('end', 'OVERDUE'), 'completed', 'VMF-135 what nobody ended can be');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_cancelled', 'video_meeting_started'],
  'VMF-136 the student hears of what is off');
select pg_temp.as_service();
select is(pg_temp.join(person, user_type, passcode), 'meeting_over 409',
    'VMF-137 nobody gets in any more, as a ' || user_type)
  from entrants;
select is(pg_temp.leave('student'), 'true', 'VMF-138 but out');
select is(pg_temp.read('student', pick => 'recordingUrl'), 'https://r.example/1',
  'VMF-139 its parties have the recording');
select is(pg_temp.read('stranger', '123456', 'status'), 'completed', 'VMF-140 a guest hears that it is over');
select is(pg_temp.read('stranger', '123456', 'recordingUrl'), null, 'VMF-141 and has none');

select * from finish();
rollback;
