-- Threat: someone gets into a meeting without the passcode, at the wrong time or as somebody else, learns what is its
-- parties' alone, or keeps others out. What guessing comes to is in 30_passcode_guessing.sql.
\ir support/people.psql
\ir support/video_meetings.psql
\ir support/calls.psql
\ir support/video_meeting_calls.psql
select plan(172);

select pg_temp.as_owner();
select pg_temp.plan_at(now() + interval '1 hour', now() + interval '2 hours', id) from unnest(array['meeting', 'foreign_meeting']) as id;
-- Reading. Only the service asks, for whose token it verified.
select is(pg_temp.read('tutor'), '42501', 'VME-01 no ' || name || ' says who they are')
  from unnest(array['tutor', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.join('tutor', 'tutor'), '42501', 'VME-02 nor does a ' || name || ' to come in')
  from unnest(array['tutor', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.read('tutor') || pg_temp.join('tutor', 'tutor'), '4250142501', 'VME-03 nor does anon');
select pg_temp.as_owner();
delete from video_participants;
update video_meetings set recording_url = 'https://r.example/1' where id = pg_temp.id('meeting');
select pg_temp.as_service();
select is(pg_temp.read(name),
    'bookingId meetingId passcode recordingUrl scheduledEnd scheduledStart status studentId tutorId',
    'VME-04 the ' || name || ' reads all of it') from unnest(array['tutor', 'student', 'admin']) as name;
select is(pg_temp.read(name, '000000', 'passcode'), '123456', 'VME-05 with a wrong passcode too, the ' || name)
  from unnest(array['tutor', 'student', 'admin']) as name;
select is(pg_temp.tries(), 0::bigint, 'VME-06 which is no try');
select is(pg_temp.read(name), 'meeting_not_found 404',
    'VME-07 without one, not ' || coalesce(name, 'who is not signed in'))
  from unnest(array['other_tutor', 'other_student', 'stranger', null]) as name;
select is(read_video_meeting(pg_temp.mid('meeting'), null, 'x', null), read_video_meeting(pg_temp.mid('Z'), null, 'x', null),
  'VME-08 who do not hear whether there is one');
select is(pg_temp.read('admin', meeting => 'Z'), 'meeting_not_found 404', 'VME-09 nor does an admin read what is not');
select is(pg_temp.tries(), 0::bigint, 'VME-10 that is no try either');
select is(pg_temp.read(name, '123456'), 'meetingId scheduledEnd scheduledStart status',
    'VME-11 the passcode tells when it is, and nothing of who, to ' || coalesce(name, 'who is not signed in'))
  from unnest(array['other_tutor', 'other_student', 'stranger', null]) as name;
select is(pg_temp.read(null, '654321'), 'meeting_not_found 404', 'VME-12 the passcode of another meeting does not');
select is(pg_temp.read('tutor', null, '', 'foreign_meeting'), 'meeting_not_found 404',
  'VME-13 a tutor is not every tutor');
select is((select string_agg(distinct pg_temp.read('stranger', '000000'), ' ') from generate_series(1, 5)),
  'meeting_not_found 404', 'VME-14 a user has five tries');
select is(pg_temp.call(format('read_video_meeting(%L, %L, %L, ''123456'')', pg_temp.mid('meeting'), pg_temp.id('stranger'),
  address)), 'too_many_attempts 429',
  'VME-15 from wherever they come') from unnest(array['203.0.113.1', null]) as address;
select is(pg_temp.retry_after() between 890 and 900, true, 'VME-16 within a quarter of an hour');
select is(pg_temp.read(null, '123456', 'status'), 'pending', 'VME-17 who is not signed in is another');
select is(pg_temp.call(format('read_video_meeting(%L, null, %L, ''123456'')', pg_temp.mid('meeting'),
  'user ' || pg_temp.id('stranger')), 'status'), 'pending', 'VME-18 and no address is a user');
select pg_temp.forget();

-- Joining, at its time.
select pg_temp.plan_at(now() + interval '2 days', now() + interval '2 days 1 hour');
select is(pg_temp.join(person, user_type, passcode), refusal, 'VME-19 days before, to a ' || user_type || ' it is ' || refusal)
  from entrants, lateral pg_temp.to_entrant(passcode, 'too_early 409') as refusal;
select is(pg_temp.join('tutor', 'tutor') || pg_temp.retry_after(), 'too_early 40986400', 'VME-20 to come back after a day');
select pg_temp.plan_at(now() + interval '16 minutes', now() + interval '1 hour');
select is(pg_temp.join(person, user_type, passcode), 'too_early 409', 'VME-21 so is a quarter of an hour and a minute')
  from entrants;
select is(pg_temp.retry_after(), 60, 'VME-22 to come back after that minute');
select is(pg_temp.status_of() || pg_temp.people_in(), 'pending', 'VME-23 nobody is in it, and nothing began');
select pg_temp.plan_at(now() - interval '1 hour', now());
select is(pg_temp.join(person, user_type, passcode), refusal, 'VME-24 at its end, to a ' || user_type || ' it is ' || refusal)
  from entrants, lateral pg_temp.to_entrant(passcode, 'meeting_over 409') as refusal;
select pg_temp.as_owner();
insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end, status) values
  (pg_temp.mid('CANCELLED'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now(),
    now() + interval '1 hour', 'cancelled'),
  (pg_temp.mid('COMPLETED'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now(),
    now() + interval '1 hour', 'completed'),
  (pg_temp.mid('OVERDUE'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now() - interval '37 hours',
    now() - interval '14 hours', 'active');
select pg_temp.as_service();
select is(pg_temp.join(person, user_type, passcode, meeting => meeting), pg_temp.to_entrant(passcode, refusal),
    format('VME-25 a %s, %s', user_type, refusal))
  from entrants, (values ('CANCELLED', 'meeting_cancelled 409'), ('COMPLETED', 'meeting_over 409'),
    ('OVERDUE', 'meeting_not_found 404'), ('Z', 'meeting_not_found 404')) as closed (meeting, refusal);
select is(pg_temp.read(name, meeting => 'OVERDUE'), 'meeting_not_found 404', 'VME-26 which the ' || name || ' does not read')
  from unnest(array['tutor', 'student', 'admin']) as name;
select pg_temp.forget();
select pg_temp.plan_at(now() + interval '15 minutes', now() + interval '1 hour');
select pg_temp.clear();

-- Nor without the passcode, or as somebody else.
select is(pg_temp.join(name, 'guest'), 'meeting_not_found 404',
    'VME-27 not without a passcode: ' || coalesce(name, 'nobody'))
  from unnest(array['other_tutor', 'other_student', 'stranger', 'admin', null]) as name;
select is(pg_temp.join(null, user_type, '000000'), 'meeting_not_found 404',
    'VME-28 a wrong one says so alone, as a ' || user_type)
  from unnest(array['guest', 'tutor']) as user_type;
select is(pg_temp.tries(), 2::bigint, 'VME-29 and counts');
select is(pg_temp.join(person, user_type, passcode), 'wrong_user_type 403',
    format('VME-30 %s is no %s', coalesce(person, 'nobody'),
    coalesce(user_type, 'null'))) from (values ('tutor', 'student', null), ('tutor', 'guest', '123456'), ('student', 'tutor', null),
      ('student', 'guest', '123456'), ('other_tutor', 'tutor', '123456'), ('stranger', 'student', '123456'),
      ('admin', 'tutor', '123456'), (null, 'tutor', '123456'), (null, 'student', '123456'), (null, null, '123456'),
      ('tutor', null, null), (null, 'admin', '123456')) as pretended (person, user_type, passcode);
select is(pg_temp.call(format('join_video_meeting(%L, null, ''x'', ''123456'', ''guest'', null, %L)', pg_temp.mid('meeting'),
    secret)), 'invalid_field 422 guestSecret', 'VME-31 a guest has a secret of 32 to 256 characters')
  from unnest(array[null, '', repeat('s', 31), repeat('s', 257)]) as secret;
select is(pg_temp.people_in(), '', 'VME-32 nobody got in');
select is(pg_temp.status_of(), 'pending', 'VME-33 and nothing began');

-- Who gets in.
select is(pg_temp.join('student', 'student'), 'student', 'VME-34 the student, from a quarter of an hour before');
select is(pg_temp.join(null, 'guest', '123456', 'first guest'), 'guest', 'VME-35 a guest');
select is(pg_temp.status_of(), 'pending', 'VME-36 which begins nothing');
select is(pg_temp.join('tutor', 'tutor', null, 'desk'), 'tutor', 'VME-37 the tutor');
select is(pg_temp.status_of(), 'active', 'VME-38 with whom it begins');
select is(pg_temp.join('stranger', 'guest', '123456'), 'guest', 'VME-39 a guest with an account');
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VME-40 and that is all');
select is(pg_temp.join('tutor', 'tutor', pick => ''), 'name participantId scheduledEnd sessionId userType',
  'VME-41 they learn who they are in it, and neither passcode nor people');
select is(pg_temp.join('tutor', 'tutor', pick => 'sessionId'), 'desk', 'VME-42 who comes again, is who they were');
select is(pg_temp.join('tutor', 'tutor', name => 'phone', pick => 'sessionId'), 'phone', 'VME-43 or has a new session');
select pg_temp.as_owner();
update profiles set full_name = 'Tim' where id = pg_temp.id('tutor');
select pg_temp.as_service();
select is(pg_temp.join('tutor', 'tutor', pick => 'name'), 'Tim', 'VME-44 under their name');
select is(pg_temp.join(null, 'guest', '123456', 'first guest', 'name'), null, 'VME-45 which a guest has none of');
select matches(pg_temp.join(null, 'guest', '123456', pick => 'sessionId'), '^[0-9a-f-]{36}$',
  'VME-46 who brings no session id gets one');
select results_eq($$select actor_id, actor_role, action from session_audit
    where session_id = pg_temp.id('meeting') and details ->> 'user_id' = pg_temp.id('stranger')::text$$,
  $$values (pg_temp.id('stranger'), 'service_role', 'participant_added')$$, 'VME-47 the trail knows who came');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_started'], 'VME-48 the student hears of the beginning');
select pg_temp.as_user('tutor');
select is(pg_temp.told(), '{}', 'VME-49 who began it does not');

-- Who comes back: a guest by their secret, which nobody reads, and by nothing else.
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting') and user_id is null and session_id <> 'first guest';
select pg_temp.as_service();
select pg_temp.part('first guest') as first_guest \gset
select is(pg_temp.join(null, 'guest', passcode, 'first guest', 'participantId'), :'first_guest',
    format('VME-50 a guest comes back, with %s', coalesce(passcode, 'no passcode')))
  from unnest(array['123456', '000000', null]) as passcode;
select is(pg_temp.tries(), 2::bigint, 'VME-51 which is no try');
create function pg_temp.join_with(secret text, session_id text default null, passcode text default '123456') returns text
language sql as $$
  select pg_temp.call(format('join_video_meeting(%L, null, ''192.0.2.1'', %L, ''guest'', %L, %L)', pg_temp.mid('meeting'),
    passcode, session_id, secret), 'participantId')
$$;
create function pg_temp.is_another(participant text, than text) returns boolean language sql as $$
  select participant ~ '^[0-9a-f-]{36}$' and participant <> than
$$;
select is(pg_temp.join_with(pg_temp.secret('other'), session_id), 'session_id_taken 409',
  'VME-52 nobody comes as ' || session_id) from unnest(array['first guest', 'phone']) as session_id;
select is(pg_temp.join(person, user_type, '123456', 'first guest'), 'session_id_taken 409', format('VME-98 nor a %s as a guest', user_type))
  from (values ('stranger', 'guest'), ('other_student', 'guest'), ('student', 'student'), ('tutor', 'tutor')) as others (person, user_type);
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VME-99 who are whom they were');
select ok(pg_temp.is_another(pg_temp.join_with(pg_temp.secret(:'first_guest')), :'first_guest'),
  'VME-53 who knows their id, too');
select pg_temp.join_with(pg_temp.secret('kept'), repeat('public', 6)) as kept \gset
select ok(pg_temp.is_another(pg_temp.join_with(repeat('public', 6)), :'kept'), 'VME-86 nor is a session id a secret');
select is(pg_temp.join_with(encode(sha256(pg_temp.secret('first guest')::bytea), 'hex'), passcode => null), 'meeting_not_found 404',
  'VME-54 nor is the hash the secret');
select is(pg_temp.join_with(pg_temp.secret('desk'), passcode => null), 'meeting_not_found 404',
  'VME-55 nor does a user''s session id open anything');
select ok(pg_temp.is_another(pg_temp.join('other_student', 'guest', '123456', pick => 'participantId'), :'first_guest'),
  'VME-56 nor is a user another guest');
select pg_temp.plan_at(now(), now() + interval '1 hour', 'foreign_meeting');
select is(pg_temp.join(null, 'guest', null, 'first guest', meeting => 'foreign_meeting'), 'meeting_not_found 404',
  'VME-57 a secret opens its meeting alone');
select ok(pg_temp.is_another(pg_temp.join(null, 'guest', '654321', 'first guest', 'participantId', 'foreign_meeting'),
  :'first_guest'), 'VME-58 and is one in another');
select is(pg_temp.join('stranger', 'guest'), 'guest', 'VME-59 a guest with an account is the same by it');
select pg_temp.as_owner();
select is((select count(*) from video_participants p where to_jsonb(p)::text like '%' || pg_temp.secret('first guest') || '%'
    or to_jsonb(p)::text like '%' || encode(sha256(pg_temp.secret('first guest')::bytea), 'hex') || '%'), 0::bigint,
  'VME-60 no column that the parties read has the secret, or its hash');
select is((select count(*) from private.video_guest_secrets s where s.secret_hash !~ '^[0-9a-f]{64}$'), 0::bigint,
  'VME-61 and none has more than the hash');

-- Thirty times in ten minutes, each; and, of new guests, ten at an address, and a hundred together, as of those who have
-- an account.
select pg_temp.as_service();
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.join(null, 'guest', null, 'first guest'), ' ') from generate_series(1, 30)),
  'guest', 'VME-62 someone comes thirty times');
select is(pg_temp.join(null, 'guest', null, 'first guest', address => address), 'too_many_joins 429',
    'VME-63 and no more, from wherever')
  from unnest(array['192.0.2.1', '192.0.2.2', null]) as address;
select is(pg_temp.retry_after() between 590 and 600, true, 'VME-64 within ten minutes');
select is(pg_temp.join(null, 'guest', '123456', 'second guest'), 'guest', 'VME-65 which concerns nobody beside them');
select is(pg_temp.join('student', 'student'), 'student', 'VME-66 and no user');
select is(pg_temp.join(null, 'guest', '654321', 'first guest', meeting => 'foreign_meeting'), 'guest',
  'VME-67 and no other meeting');
select pg_temp.rest();
select is(pg_temp.join(null, 'guest', null, 'first guest'), 'guest', 'VME-68 nor this one after that');
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.join(null, 'guest', '123456', 'm' || n), ' ') from generate_series(1, 10) n),
  'guest', 'VME-87 ten new ones come from an address');
select is(pg_temp.join(null, 'guest', '123456', 'm11'), 'too_many_joins 429', 'VME-88 and no more, whatever they call themselves');
select is(pg_temp.retry_after() between 590 and 600, true, 'VME-89 within ten minutes');
select is(pg_temp.join(null, 'guest', null, 'm1'), 'guest', 'VME-90 who is in it comes back from there');
select is(pg_temp.join('other_tutor', 'guest', '123456'), 'guest', 'VME-91 who has an account comes from there');
select is(pg_temp.join(null, 'guest', '123456', 'm11', address => '192.0.2.2'), 'guest', 'VME-92 another address is another');
select is(pg_temp.join(null, 'guest', '654321', 'm11', meeting => 'foreign_meeting'), 'guest', 'VME-93 and so is another meeting');
select is((select string_agg(pg_temp.join(null, 'guest', '123456', 'o' || n, address => null), ' ') from generate_series(1, 11) n),
  repeat('guest ', 10) || 'too_many_joins 429', 'VME-94 those of whom nothing is known are at one address');
select pg_temp.rest();
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting') and (session_id ~ '^[mo]' or user_id = pg_temp.id('other_tutor'));
select pg_temp.as_service();
create function pg_temp.come_and_go(guest text) returns text language plpgsql as $$
declare
  came constant text := pg_temp.join(null, 'guest', '123456', guest, address => guest);
begin
  perform pg_temp.leave(null, guest);
  return came;
end
$$;
select is((select string_agg(distinct pg_temp.come_and_go('n' || n), ' ') from generate_series(1, 100) n), 'guest',
  'VME-69 a hundred new ones come');
select is(pg_temp.join(null, 'guest', '123456', 'n101', address => address), 'too_many_joins 429', 'VME-70 and no more new ones')
  from unnest(array['192.0.2.1', '192.0.2.9']) as address;
select is(pg_temp.retry_after() between 590 and 600, true, 'VME-71 within ten minutes');
select is(pg_temp.join(null, 'guest', null, 'first guest'), 'guest', 'VME-72 who is in it comes back all the same');
select is(pg_temp.join(null, 'guest', null, 'n1'), 'guest', 'VME-73 so does who left');
select is(pg_temp.join('other_tutor', 'guest', '123456'), 'guest', 'VME-95 and who has an account is counted apart');
create function pg_temp.use_up() returns void language sql security definer as $$
  update private.rate_limits set used = 100 where subject = 'video users ' || pg_temp.id('meeting')
$$;
select pg_temp.use_up();
select is(pg_temp.join('other_student', 'guest', '123456'), 'guest', 'VME-96 who was in it comes back');
select is(pg_temp.join('admin', 'guest', '123456'), 'too_many_joins 429', 'VME-97 of whom a hundred come too');
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting') and user_type <> 'guest';
select pg_temp.as_service();
select is(pg_temp.join(name, name), name, 'VME-74 and its ' || name || ' comes, for the first time')
  from unnest(array['tutor', 'student']) as name;

-- Fifty at the same time, besides its parties.
select pg_temp.rest();
select pg_temp.as_owner();
delete from video_participants where meeting = pg_temp.id('meeting') and (left_at is null or session_id = 'n1');
select pg_temp.as_service();
select is((select count(*) from video_participants where meeting = pg_temp.id('meeting') and left_at is not null), 99::bigint,
  'VME-75 a hundred were here');
select is((select string_agg(distinct pg_temp.join(null, 'guest', '123456', 'g' || n, address => 'g' || n), ' ')
  from generate_series(1, 49) n), 'guest', 'VME-76 and take no place from others');
select is(pg_temp.join('stranger', 'guest', '123456'), 'guest', 'VME-77 until it is full');
select is(pg_temp.join(person, 'guest', '123456', name), 'meeting_full 409',
    format('VME-78 it is full for %s %s', coalesce(person, 'a guest'), name)) from (values (null, 'one too many'),
    ('other_student', null), (null, 'n2')) as others (person, name);
select is(pg_temp.join(null, 'guest', '123456', 'g1'), 'guest', 'VME-79 who is in it stays in it');
select is(pg_temp.join(name, name), name, 'VME-80 its ' || name || ' is not kept out')
  from unnest(array['tutor', 'student']) as name;
select is(pg_temp.leave(null, 'g1'), 'true', 'VME-81 one leaves');
select is(pg_temp.leave(null, 'g2'), 'true', 'VME-82 and another');
select is(pg_temp.leave(null, 'g3'), 'true', 'VME-83 and a third');
select is(pg_temp.join(null, 'guest', null, 'n2'), 'guest', 'VME-84 another comes back');
select is(pg_temp.join(null, 'guest', null, 'g1'), 'meeting_full 409', 'VME-85 whose place is not kept');

select * from finish();
rollback;
