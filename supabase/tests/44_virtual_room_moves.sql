-- Threat: who was removed from a group session stays in its room, or comes back to it, because they know its URL; or those who
-- stay are left behind in a room that the others have left.
\ir support/people.psql
\ir support/virtual_sessions.psql
\ir support/calls.psql
select plan(61);

create function pg_temp.url(class text default 'class') returns text language sql security definer as $$
  select r.meeting_url from public.virtual_session_rooms r where r.session_id = pg_temp.id(class)
$$;
create function pg_temp.set_class(class text, begins timestamptz, guarded boolean) returns void
language sql security definer as $$
  update public.virtual_sessions s set scheduled_time = begins where s.id = pg_temp.id(class);
  update public.virtual_session_rooms r set is_guarded = guarded where r.session_id = pg_temp.id(class);
  delete from public.notifications;
$$;
-- Whether a statement gives the session another room at the same place.
create function pg_temp.moves(person text, what text, class text default 'class') returns boolean language plpgsql as $$
declare
  before constant text := pg_temp.url(class);
begin
  perform pg_temp.as_user('tutor'), pg_temp.seat(what, class, person);
  return pg_temp.url(class) <> before and pg_temp.url(class) ~ '^https://meet\.jit\.si/convene-[0-9a-f]{64}$';
end
$$;
-- Who was told that the room moved, and how often.
create function pg_temp.told_of_move() returns text language sql security definer as $$
  select coalesce(string_agg(split_part(u.email, '@', 1), ' ' order by u.email), '') from public.notifications n
  join auth.users u on u.id = n.user_id where n.type = 'virtual_session_room_moved'
$$;

create function pg_temp.move_guarded(
  class text, room text, base text default 'https://new.example/', guarded boolean default false)
returns text language sql as $$
  select pg_temp.call(
    format('move_guarded_virtual_room(%L, %L, %L, %L)', pg_temp.id(class), room, base, guarded), 'moved')
$$;
create function pg_temp.room(class text) returns text language sql security definer as $$
  select r.meeting_room_id from public.virtual_session_rooms r where r.session_id = pg_temp.id(class)
$$;

-- Who waits: other_student, stranger. Removed: client.
-- Unguarded, long before.
select pg_temp.set_class('class', now() + interval '1 day', false);
select is(pg_temp.moves('student', 'remove_from'), true, 'MOVE-01 a day before the room changes');
select is(pg_temp.told_of_move(), '', 'MOVE-02 of which nobody need hear: none is inside');
select is(pg_temp.people_of('class'), 'patient other_student | stranger', 'MOVE-03 who waited has the seat');
select is(pg_temp.moves('student', 'remove_from'), false, 'MOVE-04 twice is once');
select is(pg_temp.moves('student', 'readmit_to'), false, 'MOVE-05 to take it back changes nothing');
select is(pg_temp.moves(null, 'remove_from'), false, 'MOVE-06 nobody is nobody to remove');
select is(pg_temp.call(format('remove_from_virtual_session(%L, null)', pg_temp.id('class'))), 'invalid_field 422 user_id',
  'MOVE-07 which is said');

-- Unguarded, within ten minutes of the start.
select pg_temp.set_class('class', now() + interval '601 seconds', false);
select is(pg_temp.moves('student', 'remove_from'), false, 'MOVE-08 who has no seat has not seen it');
select is(pg_temp.told_of_move(), '', 'MOVE-09 so that nobody has to move');
select pg_temp.seat('readmit_to', 'class', 'student');
select pg_temp.set_class('class', now() + interval '10 minutes', false);
select pg_temp.as_user('other_student');
select pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('class')), 'meeting_url') as known \gset
select is(pg_temp.moves('other_student', 'remove_from'), true, 'MOVE-10 ten minutes before the room changes too');
select is(pg_temp.told_of_move(), 'patient stranger tutor', 'MOVE-11 and those with a seat hear of it, and the creator');
select is((select count(*) from notifications where type = 'virtual_session_room_moved' and data = jsonb_build_object('session_id',
    pg_temp.id('class'))), 1::bigint, 'MOVE-12 which session it is, and no room') from pg_temp.as_user('patient');
select is(pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('class')), 'meeting_url') = pg_temp.url(), true,
  'MOVE-13 they join again, in the new one');
select isnt(pg_temp.url(), :'known', 'MOVE-14 which the removed does not know');
select pg_temp.as_user('other_student');
select is(pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('class'))), 'removed 403', 'MOVE-15 nor learn');
select is(pg_temp.visible($$virtual_session_rooms where session_id = pg_temp.id('class')$$), '0', 'MOVE-16 in any way');

-- Unguarded, live: they know the URL, so it is no place to stay.
select pg_temp.set_class('live_class', now() - interval '2 hours', false);
select pg_temp.as_user('student'), pg_temp.seat('register_for', 'live_class');
select is(pg_temp.moves('student', 'remove_from', 'live_class'), true, 'MOVE-17 a live one is left');
select is(pg_temp.told_of_move(), 'tutor', 'MOVE-18 and who stays hears of it, not who was removed');
select is(pg_temp.moves(name, 'remove_from', 'live_class'), false, 'MOVE-19 it is not for a removal without a seat: ' || name)
  from unnest(array['nobody', 'premium', 'admin']) as name;

-- Over, but it may be started or moved yet.
select is(pg_temp.moves('student', 'remove_from', 'over_class'), true, 'MOVE-20 what may still begin changes its room');
select is(pg_temp.told_of_move(), 'tutor', 'MOVE-21 of which nobody hears: none gets in');
select is(pg_temp.moves('student', 'remove_from', class), false, 'MOVE-22 what is closed for good does not: ' || class)
  from unnest(array['done_class', 'cancelled_class']) as class;

-- A seat is given up in another way, by somebody who may have seen the room.
create function pg_temp.moves_by(statement text, class text) returns boolean language plpgsql as $$
declare
  before constant text := pg_temp.url(class);
begin
  execute statement;
  return pg_temp.url(class) <> before;
end
$$;
select pg_temp.as_owner();
select pg_temp.class(class, 'tutor', begins, 2) from (values ('far', now() + interval '1 day'), ('near', now() + interval '5 minutes'),
  ('begun', now() - interval '5 minutes'), ('shut', now() + interval '5 minutes')) as classes (class, begins);
update virtual_session_rooms set is_guarded = true where session_id = pg_temp.id('shut');
select pg_temp.as_user(name), pg_temp.seat('register_for', class)
  from unnest(array['other_patient', 'premium', 'therapist']) as name, unnest(array['far', 'near', 'begun', 'shut']) as class;
select pg_temp.as_owner();
select pg_temp.clear();
select is(pg_temp.moves_by(format('delete from virtual_session_registrations where user_id = %L', pg_temp.id('therapist')), 'near'),
  false, 'MOVE-39 who waited has not seen it');
create temporary table seen as select class, pg_temp.url(class) as url from unnest(array['far', 'near', 'begun', 'shut']) as class;
delete from auth.users where id = pg_temp.id('other_patient');
select is(pg_temp.url(class) <> url, class in ('near', 'begun'), 'MOVE-40 an account is deleted that has a seat: ' || class) from seen;
select is(pg_temp.told_of_move(), 'premium premium tutor tutor', 'MOVE-41 of which those who stay hear');
select pg_temp.clear();
select is(pg_temp.moves_by(format('update virtual_sessions set scheduled_time = now() + %L where id = %L', later, pg_temp.id(class)),
    class), moved, format('MOVE-42 a session is moved: %s by %s', class, later))
  from (values ('near', interval '10 minutes', false), ('near', interval '11 minutes', true), ('near', interval '2 days', false),
    ('begun', interval '1 day', true), ('shut', interval '1 day', false)) as cases (class, later, moved);
select is(pg_temp.told_of_move(), '', 'MOVE-43 to when nobody is inside');

-- Guarded: the room is where the tokens lead.
select pg_temp.as_owner();
select pg_temp.class('guarded', 'tutor', '2030-05-01T10:00Z', 1);
select pg_temp.as_user(name), pg_temp.seat('register_for', 'guarded') from unnest(array['patient', 'stranger', 'premium']) as name;
select is(pg_temp.moves(person, 'remove_from', 'guarded'), false, 'MOVE-23 a guarded one stays, ' || person)
  from (values ('patient', now() + interval '1 day'), ('stranger', now() + interval '5 minutes'),
    ('admin', now() - interval '5 minutes')) as cases (person, begins), lateral pg_temp.set_class('guarded', begins, true);
select is(pg_temp.told_of_move(), '', 'MOVE-24 nobody has to move');
select is(pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('guarded'))), 'removed 403',
  'MOVE-25 who was removed gets no token: ' || name)
  from unnest(array['patient', 'stranger', 'admin']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('guarded')), 'is_guarded'), 'true',
  'MOVE-26 the others do: ' || name) from unnest(array['tutor', 'premium']) as name, lateral pg_temp.as_user(name);
select is(pg_temp.attempt($$update virtual_session_rooms set is_guarded = false$$), '42501',
  'MOVE-27 nobody says that a room is open: ' || name)
  from unnest(array['tutor', 'premium']) as name, lateral pg_temp.as_user(name);

-- The deployment has no tokens for it any more.
select pg_temp.room('guarded') as first_room \gset
select is(pg_temp.move_guarded('guarded', :'first_room'), '42501', 'MOVE-28 no user moves a room: ' || name)
  from unnest(array['tutor', 'premium', 'admin']) as name, lateral pg_temp.as_user(name);
select pg_temp.as_anon();
select is(pg_temp.move_guarded('guarded', :'first_room'), '42501', 'MOVE-29 nor anon');
select pg_temp.as_service();
select is(pg_temp.move_guarded('guarded', 'convene-0'), 'false', 'MOVE-30 the service none that it did not see');
select is(pg_temp.move_guarded('class', pg_temp.room('class')), 'false', 'MOVE-31 nor one that opens by its URL');
select is(pg_temp.move_guarded('nowhere', 'convene-0'), 'false', 'MOVE-32 nor what there is not');
select is(pg_temp.move_guarded('guarded', :'first_room'), 'true', 'MOVE-33 but a guarded one');
select is(pg_temp.move_guarded('guarded', :'first_room'), 'false', 'MOVE-34 once');
select is(pg_temp.url('guarded') = 'https://new.example/' || pg_temp.room('guarded') and pg_temp.room('guarded') <> :'first_room',
  true, 'MOVE-35 it has another name at the new place, which nobody who was removed knows');
select pg_temp.url('guarded') as second_url \gset
select is(pg_temp.told_of_move(), 'premium tutor', 'MOVE-36 and who may be inside hears of it');
select is(pg_temp.call(format('join_virtual_session(%L)', pg_temp.id('guarded')), 'is_guarded'), 'false',
  'MOVE-37 it is open to whoever knows its URL') from pg_temp.as_user('premium');
select pg_temp.as_user('tutor');
select pg_temp.seat('remove_from', 'guarded', 'premium');
select is(pg_temp.url('guarded') like 'https://new.example/convene-%' and pg_temp.url('guarded') <> :'second_url', true,
  'MOVE-38 hence left after a removal');

select * from finish();
rollback;
