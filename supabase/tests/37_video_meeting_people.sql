-- Threat: someone acts for another in a meeting, sees who is in it without being of it, comes back after they were put
-- out, or ends what is not theirs.
\ir support/people.psql
\ir support/video_meetings.psql
\ir support/calls.psql
\ir support/video_meeting_calls.psql
select plan(201);

select pg_temp.as_owner();
delete from video_participants;
select pg_temp.plan_at(now(), now() + interval '1 hour');
select pg_temp.plan_at(now(), now() + interval '1 hour', 'foreign_meeting');
insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end, status) values
  (pg_temp.mid('N'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), '2030-01-01T10:00Z', '2030-01-01T11:00Z', 'pending'),
  (pg_temp.mid('OVERDUE'), '123456', pg_temp.id('tutor'), pg_temp.id('student'), now() - interval '37 hours',
    now() - interval '14 hours', 'active');
select pg_temp.as_service();
select is(pg_temp.join('stranger', 'guest', '123456') || pg_temp.join(null, 'guest', '123456', 'first guest')
  || pg_temp.join('student', 'student'), 'guestgueststudent', 'VMP-01 three are in it');

-- Who acts. Only the service says for whom.
select is(pg_temp.leave('tutor') || pg_temp.mute('tutor') || pg_temp.remove('tutor', 'stranger')
    || pg_temp.readmit('tutor', 'stranger'), '42501425014250142501', 'VMP-02 no ' || name || ' says who they are')
  from unnest(array['tutor', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.leave('tutor') || pg_temp.mute('tutor') || pg_temp.remove('tutor', 'stranger')
  || pg_temp.readmit('tutor', 'stranger'), '42501425014250142501', 'VMP-03 nor does anon');

-- Who is in it.
select is(pg_temp.participants('participants.0'),
    'isMuted joinedAt leftAt participantId removedAt userId userType', 'VMP-04 the ' || name || ' sees who is in it')
  from unnest(array['tutor', 'student', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.participants(meeting => meeting), 'meeting_not_found 404',
    format('VMP-05 the %s does not, in %s', name, meeting)) from (values ('stranger', 'meeting'), ('other_student', 'meeting'),
      ('other_tutor', 'meeting'), ('tutor', 'foreign_meeting'), ('tutor', 'Z'), ('tutor', 'OVERDUE'), ('admin', 'Z'))
    as others (name, meeting), lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.participants(), '42501', 'VMP-06 nor does anon');
select pg_temp.as_service();
select is(pg_temp.participants(), '42501', 'VMP-07 nor the service');
select pg_temp.as_owner();
insert into video_participants (meeting, user_type, session_id, joined_at)
  select m.id, 'guest', n::text, now() - n * interval '1 minute' from video_meetings m, generate_series(1, 250) as n
  where m.meeting_id = pg_temp.mid('N');
create function pg_temp.come_back(part uuid) returns void language sql security definer as $$
  update public.video_participants set joined_at = clock_timestamp() where id = part
$$;
-- How many are on each page, and how many different people on all of them.
create function pg_temp.pages() returns text language plpgsql as $$
declare
  page jsonb;
  sizes text := '';
  seen text[] := '{}';
begin
  loop
    page := public.video_meeting_participants(pg_temp.mid('N'), (page ->> 'next')::uuid);
    sizes := sizes || jsonb_array_length(page -> 'participants') || ' ';
    seen := seen || array(select jsonb_array_elements(page -> 'participants') ->> 'participantId');
    -- Whoever comes back meanwhile has come last.
    perform pg_temp.come_back(seen[1]::uuid);
    exit when page -> 'next' = 'null';
  end loop;
  return sizes || (select count(distinct one) from unnest(seen) as one);
end
$$;
select pg_temp.as_user('tutor');
select is(pg_temp.pages(), '100 100 50 250', 'VMP-08 a hundred at a time, each once');
select is(pg_temp.participants('next'), null, 'VMP-09 and no next page of a few');
select ok((select bool_and(one ->> 'joinedAt' <= next) from (select one, lead(one ->> 'joinedAt') over (order by place) as next
    from jsonb_array_elements(video_meeting_participants(pg_temp.mid('N'), null) -> 'participants') with ordinality as page (one, place)) as pairs
  where next is not null), 'VMP-10 in the order in which they came');
select is(pg_temp.participants('participants.0', after => 'ffffffff-ffff-ffff-ffff-ffffffffffff'), null, 'VMP-11 after the last is nobody');

-- Leaving.
select pg_temp.as_service();
select is(pg_temp.join('student', 'student', name => 'seat'), 'student', 'VMP-12 the student has a session id');
select is(pg_temp.leave(person, guest), 'meeting_not_found 404', format('VMP-13 %s as %s leaves nothing',
    coalesce(person, 'a guest'), coalesce(guest, 'nobody'))) from (values (null, 'seat'), (null, null), (null, ''),
      (null, 'other guest'), (null, pg_temp.part('first guest')::text), ('other_tutor', 'seat'), ('admin', 'first guest'),
      ('other_student', null), ('tutor', null)) as leavers (person, guest);
select is(pg_temp.call(format('leave_video_meeting(%L, null, %L)', pg_temp.mid('meeting'), name)), 'meeting_not_found 404',
    'VMP-14 nor does a session id leave, or a short secret') from unnest(array['first guest', 'seat']) as name;
select is(pg_temp.leave(null, 'first guest', 'foreign_meeting'), 'meeting_not_found 404', 'VMP-15 nor another meeting');
select is(pg_temp.people_in(), 'first guest stranger student', 'VMP-16 all are there');
select is(pg_temp.leave('student', 'first guest'), 'true', 'VMP-17 a user leaves');
select is(pg_temp.people_in(), 'first guest stranger', 'VMP-18 whatever secret they show');
select is(pg_temp.leave('student'), 'true', 'VMP-19 twice is the same');
select is(pg_temp.leave(null, 'first guest'), 'true', 'VMP-20 a guest leaves');
select is(pg_temp.people_in(), 'stranger', 'VMP-21 alone');
select is(pg_temp.join('student', 'student') || pg_temp.join(null, 'guest', null, 'first guest'), 'studentguest', 'VMP-22 both come back');

-- Muting.
select is(pg_temp.mute('tutor', 'student'), 'true', 'VMP-23 a tutor mutes, who is not in it');
select is(pg_temp.mute('tutor', 'student', false), 'false', 'VMP-24 or not');
select is(pg_temp.mute('tutor'), 'meeting_not_found 404', 'VMP-25 nobody by no name');
select is(pg_temp.join('tutor', 'tutor'), 'tutor', 'VMP-26 and comes');
select is(pg_temp.mute(person, whom, guest => guest), 'not_the_tutor 403',
    format('VMP-27 %s does not mute a %s',
    coalesce(person, 'a guest'), whom)) from (values ('student', 'tutor', null), ('student', 'stranger', null),
      ('stranger', 'student', null), (null, 'tutor', 'first guest'), (null, 'student', 'first guest'),
      ('student', 'nobody', null), ('student', 'admin', null)) as muters (person, whom, guest);
select is(pg_temp.mute(person, part => pg_temp.part(whom), guest => guest), 'not_the_tutor 403',
    format('VMP-28 nor by the part of a %s', whom)) from (values ('student', 'first guest', null), ('stranger', 'tutor', null),
      (null, 'tutor', 'first guest'), (null, 'stranger', 'first guest')) as muters (person, whom, guest);
select is(pg_temp.mute(person, whom, guest => guest), 'meeting_not_found 404',
    format('VMP-29 nor does %s as %s',
    coalesce(person, 'a guest'), coalesce(guest, 'nobody'))) from (values (null, null, 'other guest'), (null, null, null),
      (null, 'tutor', 'other guest'), ('other_tutor', 'student', null), ('other_tutor', null, 'first guest'),
      ('admin', 'tutor', null)) as muters (person, whom, guest);
select is(pg_temp.people_in(), 'first guest stranger student tutor', 'VMP-30 nobody is muted');
select is(pg_temp.mute('student'), 'true', 'VMP-31 a student mutes themself');
select is(pg_temp.mute('student', 'student', false), 'false', 'VMP-32 and not, by their id too');
select is(pg_temp.mute('stranger', part => pg_temp.part('stranger')), 'true', 'VMP-33 a guest with an account themself, by their part');
select is(pg_temp.mute(null, guest => 'first guest'), 'true', 'VMP-34 a guest themself');
select is(pg_temp.people_in(), 'first guest* stranger* student tutor', 'VMP-35 each alone');
select is(pg_temp.mute('tutor', 'student'), 'true', 'VMP-36 a tutor mutes the student');
select is(pg_temp.mute('tutor', is_muted => false, part => pg_temp.part('first guest')), 'false', 'VMP-37 or not a guest');
select is(pg_temp.mute('tutor', 'student', part => pg_temp.part('student')), 'true', 'VMP-38 by both names');
select is(pg_temp.mute('tutor'), 'true', 'VMP-39 and themself');
select is(pg_temp.people_in(), 'first guest stranger* student* tutor*', 'VMP-40 alone');
select is(pg_temp.mute('tutor', whom, part => part), 'participant_not_found 404', 'VMP-41 and nobody who is not there: ' || n)
  from (values ('a user', 'other_student', null), ('nobody', 'nobody', null), ('a part', null, gen_random_uuid()),
    ('two people', 'student', pg_temp.part('first guest'))) as absent (n, whom, part);
select pg_temp.leave('student');
select pg_temp.join('student', 'student');
select is(pg_temp.people_in(), 'first guest stranger* student* tutor*', 'VMP-42 to come again is no way around it');
select is(pg_temp.join('other_tutor', 'tutor', meeting => 'foreign_meeting'), 'tutor',
  'VMP-43 another tutor in their meeting');
select is(pg_temp.mute('other_tutor', whom, part => pg_temp.part(part), meeting => 'foreign_meeting'), 'participant_not_found 404',
    'VMP-44 mutes nobody in this one') from (values ('student', null), (null, 'first guest')) as those (whom, part);
select is((select count(*) from session_audit where details::text like '%muted%'), 0::bigint, 'VMP-45 no trail of microphones');

-- Sixty times in ten minutes, each by each; and when it goes on.
select pg_temp.rest();
select is((select string_agg(distinct pg_temp.mute(null, is_muted => n % 2 = 0, guest => 'first guest'), ' ') from generate_series(1, 60) n),
  'false true', 'VMP-112 a guest mutes themself sixty times');
select is(pg_temp.mute(null, is_muted => false, guest => 'first guest'), 'too_many_mutes 429', 'VMP-113 and no more');
select is(pg_temp.retry_after() between 590 and 600, true, 'VMP-114 within ten minutes');
select is(pg_temp.mute('tutor', is_muted => false, part => pg_temp.part('first guest')), 'false', 'VMP-115 the tutor mutes them all the same');
select is((select string_agg(pg_temp.mute('tutor', 'student'), ' ') from generate_series(1, 61)), repeat('true ', 60)
  || 'too_many_mutes 429', 'VMP-116 a tutor mutes one sixty times');
select is(pg_temp.mute('tutor', part => pg_temp.part('stranger')), 'true', 'VMP-117 and another');
select pg_temp.rest();
select pg_temp.plan_at(now() - interval '1 hour', now());
select is(pg_temp.mute(person, is_muted => false, guest => guest), 'meeting_over 409', 'VMP-118 not at its end, ' || coalesce(person, guest))
  from (values ('tutor', null), ('student', null), (null, 'first guest')) as muters (person, guest);
select pg_temp.plan_at(now() + interval '16 minutes', now() + interval '1 hour');
select is(pg_temp.mute(person, is_muted => false, guest => guest), 'too_early 409', 'VMP-118 nor before it opens, ' || coalesce(person, guest))
  from (values ('tutor', null), ('student', null), (null, 'first guest')) as muters (person, guest);
select pg_temp.plan_at(now(), now() + interval '1 hour');
select is(pg_temp.mute('tutor', part => pg_temp.part('stranger')), 'true', 'VMP-119 and at its time again');
select is(pg_temp.people_in(), 'first guest stranger* student* tutor*', 'VMP-120 all are as they were');

-- Putting out. `second guest` stays.
select is(pg_temp.join(null, 'guest', '123456', 'second guest'), 'guest', 'VMP-46 another guest is in it');
select pg_temp.clear();
select is(pg_temp.remove(person, 'first guest'), 'meeting_not_found 404',
    format('VMP-47 %s puts nobody out', coalesce(person, 'a guest')))
  from unnest(array['student', 'stranger', 'other_tutor', 'admin', null]) as person;
select is(pg_temp.remove('tutor', name), 'not_a_guest 409', 'VMP-48 nobody the ' || name)
  from unnest(array['tutor', 'student']) as name;
select is(pg_temp.remove('tutor', 'nobody'), 'participant_not_found 404', 'VMP-49 nor a tutor nobody');
select is(pg_temp.remove('other_tutor', 'first guest', meeting => 'foreign_meeting'), 'participant_not_found 404',
  'VMP-50 nor another tutor, from their meeting');
select is(pg_temp.remove('tutor', 'first guest', '12345'), '23514', 'VMP-51 nor for what is no passcode');
select is(pg_temp.read('tutor', pick => 'passcode') || ' ' || pg_temp.people_in(),
  '123456 first guest second guest stranger* student* tutor*', 'VMP-52 all is as it was');
select is(pg_temp.remove('tutor', 'first guest'), '777777', 'VMP-53 the tutor puts a guest out, and has another passcode');
select is(pg_temp.remove('tutor', 'first guest', '888888'), '777777', 'VMP-54 once');
select is(pg_temp.remove('tutor', 'first guest', pick => ''),
  'bookingId meetingId passcode recordingUrl scheduledEnd scheduledStart status studentId tutorId', 'VMP-55 of all that is said');
select is(pg_temp.people_in(), 'second guest stranger* student* tutor*', 'VMP-56 the guest is out');
select is(pg_temp.join(null, 'guest', passcode, 'first guest'), 'removed 403', 'VMP-57 and stays out, with '
    || coalesce(passcode, 'no passcode')) from unnest(array['123456', '777777', null]) as passcode;
select is(pg_temp.leave(null, 'first guest'), 'removed 403', 'VMP-58 leaves nothing');
select is(pg_temp.mute(null, guest => 'first guest'), 'removed 403', 'VMP-59 mutes nobody');
select is(pg_temp.mute('tutor', part => pg_temp.part('first guest')), 'participant_not_found 404', 'VMP-60 and is not muted');
select is(pg_temp.join(null, 'guest', '123456', 'first guest again'), 'meeting_not_found 404',
  'VMP-61 nor comes under another name by the passcode that they knew');
select is(pg_temp.read(null, '123456'), 'meeting_not_found 404', 'VMP-62 which opens nothing');
select is(pg_temp.join('stranger', 'guest'), 'guest', 'VMP-63 who has an account comes back without any');
select is(pg_temp.join(null, 'guest', passcode, 'second guest'), 'meeting_not_found 404', 'VMP-100 a place without an account, '
    || 'which may be theirs, opens with ' || coalesce(passcode, 'no passcode') || ' to nobody') from unnest(array['123456', null]) as passcode;
select is(pg_temp.mute(null, is_muted => false, guest => 'second guest'), 'false', 'VMP-101 who is in it by such a one is in it');
select is(pg_temp.leave(null, 'second guest'), 'true', 'VMP-102 and leaves');
select pg_temp.part('second guest') as second_guest \gset
select is(pg_temp.join(null, 'guest', '777777', 'second guest', 'participantId'), :'second_guest',
  'VMP-103 who has the new one has their place again');
select is(pg_temp.join(null, 'guest', null, 'second guest', 'participantId'), :'second_guest', 'VMP-104 and then needs none');
select is(pg_temp.join('student', 'student'), 'student', 'VMP-64 so does the student');
select is(pg_temp.read('student', pick => 'passcode'), '777777', 'VMP-65 who reads the new one');
select is(pg_temp.join(null, 'guest', '777777', 'third guest'), 'guest', 'VMP-66 who has it is let in');
select is(pg_temp.remove('tutor', 'stranger', '999999'), '999999', 'VMP-67 a guest with an account is put out');
select is(pg_temp.join('stranger', 'guest', passcode), 'removed 403', 'VMP-68 and stays out, with '
    || coalesce(passcode, 'no passcode')) from unnest(array['777777', '999999', null]) as passcode;
select pg_temp.as_owner();
select is((select count(*) from notifications), 0::bigint, 'VMP-69 nobody is told, of no passcode');
select is((select count(*) from session_audit a where a.details::text ~ '123456|777777|999999'), 0::bigint, 'VMP-70 nor is the trail');
select is((select array_agg(a.actor_id = pg_temp.id('tutor')) from session_audit a where a.session_id = pg_temp.id('meeting')
    and a.details -> 'changed' ? 'removed_at'), array[true, true], 'VMP-71 which knows who put them out');

-- And letting in again.
select pg_temp.as_service();
select is(pg_temp.readmit(person, 'stranger'), 'meeting_not_found 404', format('VMP-72 %s takes nothing back', coalesce(person, 'a guest')))
  from unnest(array['student', 'stranger', 'other_tutor', 'admin', null]) as person;
select is(pg_temp.readmit('other_tutor', 'stranger', 'foreign_meeting'), 'participant_not_found 404', 'VMP-73 nor another tutor');
select is(pg_temp.join('stranger', 'guest'), 'removed 403', 'VMP-74 who is out stays out');
select is(pg_temp.readmit('tutor', 'stranger'), 'true', 'VMP-75 until the tutor takes it back, ' || n)
  from unnest(array['once', 'twice']) as n;
select is(pg_temp.join('stranger', 'guest'), 'guest', 'VMP-76 and then comes');
select is(pg_temp.join(null, 'guest', '999999', 'first guest'), 'removed 403', 'VMP-77 and the other does not');
select is(pg_temp.join(null, 'guest', null, 'third guest'), 'meeting_not_found 404',
  'VMP-105 each removal asks those without an account again');
select is(pg_temp.join(null, 'guest', '999999', 'third guest'), 'guest', 'VMP-106 for the passcode');
select is(pg_temp.readmit('tutor', 'first guest'), 'true', 'VMP-107 the other is let in again too');
select is(pg_temp.join(null, 'guest', null, 'first guest'), 'guest', 'VMP-108 and comes by their own secret');
select is(pg_temp.leave(null, 'first guest'), 'true', 'VMP-109 and leaves');
select is(pg_temp.join(null, 'guest', null, 'second guest'), 'meeting_not_found 404', 'VMP-110 which opens for no other');
select is(pg_temp.join(null, 'guest', '999999', 'second guest'), 'guest', 'VMP-111 who needs the passcode');

-- Ending and cancelling.
select pg_temp.leave('student');
select pg_temp.as_owner();
update video_participants set left_at = now() - interval '5 minutes' where id = pg_temp.part('student');
select pg_temp.as_anon();
select is(pg_temp.change('end'), '42501', 'VMP-78 anon ends nothing');
select pg_temp.as_service();
select is(pg_temp.change('end'), '42501', 'VMP-79 nor does the service');
select is(pg_temp.change(action), 'meeting_not_found 404', format('VMP-80 nor does the %s (%s)', name, action))
  from unnest(array['student', 'stranger', 'other_tutor', 'admin']) as name, lateral pg_temp.as_user(name),
    lateral (values ('end'), ('cancel'), ('nonsense')) as actions (action);
select pg_temp.as_user('tutor');
select is(pg_temp.change('end', 'Z'), 'meeting_not_found 404', 'VMP-81 nor what there is not');
select is(pg_temp.change('end', 'foreign_meeting'), 'meeting_not_found 404', 'VMP-82 or is another''s');
select is(pg_temp.change(action), 'invalid_field 422 action', 'VMP-83 there is no ' || coalesce(action, 'null'))
  from unnest(array['nonsense', '', 'start', null]) as action;
select is(pg_temp.change('cancel'), 'invalid_transition 409', 'VMP-84 what goes on is not cancelled');
select is(pg_temp.people_in(), 'second guest stranger* third guest tutor*', 'VMP-85 nobody left for that');
select is(pg_temp.change('end'), 'completed',
  'VMP-86 a tutor ends it, ' || n) from unnest(array['once', 'twice']) as n;
select is(pg_temp.people_in(), '', 'VMP-87 and everyone has left');
select is((select p.left_at from video_participants p where p.id = pg_temp.part('student')), now() - interval '5 minutes',
  'VMP-88 who had left, has left when they did');
select is(pg_temp.change('end', 'N'), 'invalid_transition 409', 'VMP-89 what is still to come does not end');
select is(pg_temp.change('cancel', 'N'), 'cancelled',
  'VMP-90 it is cancelled, ' || n) from unnest(array['once', 'twice']) as n;
select is(pg_temp.people_in('N'), '', 'VMP-91 and nobody waits in it');
select is(pg_temp.change('end', 'N'), 'invalid_transition 409', 'VMP-92 and does not end after that');
select pg_temp.as_user('student');
select is(pg_temp.told(), array['video_meeting_cancelled'], 'VMP-93 the student hears of what is off');
select pg_temp.as_owner();
insert into video_participants (meeting, user_type, session_id, joined_at) select m.id, 'guest', 'sleeper', now() - interval '15 hours'
  from video_meetings m where m.meeting_id = pg_temp.mid('OVERDUE');
select pg_temp.as_service();
select private.sweep_video_meetings();
select is((select p.left_at from video_participants p where p.session_id = 'sleeper'), now() - interval '14 hours',
  'VMP-94 what nobody ended is swept, and was left at its end');
select is(pg_temp.join(person, user_type, '999999'), case when person is null then 'meeting_not_found 404' else 'meeting_over 409' end,
    format('VMP-95 nobody gets in any more, as a %s %s', user_type, person))
  from entrants;
select is(pg_temp.mute(person, whom), 'meeting_over 409', 'VMP-121 nor mutes, as a ' || person)
  from (values ('tutor', 'student'), ('tutor', null), ('student', null), ('stranger', null)) as muters (person, whom);
select is(pg_temp.mute('tutor', part => pg_temp.part('1', 'N'), meeting => 'N'), 'meeting_cancelled 409', 'VMP-122 nor in what is off');
select is(pg_temp.leave('student'), 'true', 'VMP-96 but out');
select is(pg_temp.read('student', pick => 'status'), 'completed', 'VMP-97 its parties read it');
select is(pg_temp.read('stranger', '999999'), 'meeting_not_found 404', 'VMP-98 a guest does not, with the passcode');
select is(pg_temp.join(null, 'guest', null, 'third guest'), 'meeting_over 409', 'VMP-99 who was in it hears that it is over');

select * from finish();
rollback;
