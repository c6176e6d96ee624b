# Sourced by scripts/lib/database-races.sh: the seats of a group session, when many come and go at the same moment.

ROOM=00000000-0000-4000-8000-000000000a01
OTHER_ROOM=00000000-0000-4000-8000-000000000a02
# A statement by each racer, who is `racers.number` :client_id.
AS_RACER="select
  set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', r.user_id)::text, true),
  set_config('role', 'authenticated', true) from racers r where r.number = :client_id;"

# race_people NUMBER STATEMENT...: runs the statements once for each of that many racers, all at the same moment.
race_people() {
  local number=$1 script
  shift
  script=$(mktemp)
  printf '%s\n' "begin;" "$@" "commit;" >"$script"
  race_pgbench "$number" 1 "$script"
  rm -f "$script"
}

# The racers who have the first N seats, or who wait, become those with the numbers from 0.
number_racers() {
  sql "delete from racers; insert into racers select row_number() over (order by place) - 1, user_id
    from virtual_session_registrations where session_id = '$ROOM' and status = '$1'"
}

# "50 registered 1-50, 150 waiting 51-200"
seats() {
  sql "select string_agg(format('%s %s %s-%s', people, status, first, last), ', ' order by first)
    from (select status, count(*) as people, min(place) as first, max(place) as last
      from virtual_session_registrations where session_id = '$ROOM' group by status) as seat"
}

# Whether registered_users is the list of those with a seat, in order, in both sessions.
listed() {
  sql "select bool_and(registered_users = array(select r.user_id from virtual_session_registrations r
      where r.session_id = s.id and r.status = 'registered' order by r.place))
    from virtual_sessions s"
}

race_seats() {
  local joined
  sql "insert into virtual_sessions (id, creator_id, title, tutor_name, scheduled_time, max_attendees)
      select unnest(array['$ROOM', '$OTHER_ROOM']::uuid[]), '$TRAINER', 'Race', 'T', now() + interval '1 day', 50;
    create table racers (number integer primary key, user_id uuid not null);
    insert into racers select n - 1, gen_random_uuid() from generate_series(1, 200) n;
    insert into auth.users (id, email) select user_id, number || '@race.example' from racers"

  race_people 200 "$AS_RACER" "select register_for_virtual_session('$ROOM');"
  expect_race "200 register for 50 seats: the first 50 get them, 150 wait in order" \
    "50 registered 1-50, 150 waiting 51-200, listed t" "$(seats), listed $(listed)"

  number_racers registered
  race_people 1 "$AS_RACER" "select unregister_from_virtual_session('$ROOM');"
  expect_race "one leaves: the first who waits moves up" \
    "50 registered 2-51, 149 waiting 52-200, listed t" "$(seats), listed $(listed)"

  number_racers registered
  race_people 20 "$AS_RACER" "select unregister_from_virtual_session('$ROOM');"
  expect_race "20 leave at once: the first 20 who wait move up" \
    "50 registered 22-71, 129 waiting 72-200, listed t" "$(seats), listed $(listed)"

  number_racers registered
  race_people 50 "$AS_RACER" "select register_for_virtual_session('$OTHER_ROOM');"
  race_people 40 "delete from auth.users u using racers r
      where r.user_id = u.id and r.number = :client_id and r.number < 20;" \
    "update virtual_sessions set duration_minutes = duration_minutes + 1 where id = '$ROOM' and :client_id >= 20;"
  expect_race "20 accounts with seats in two sessions are deleted while one moves and tells them: 20 move up" \
    "50 registered 42-91, 109 waiting 92-200, listed t" "$(seats), listed $(listed)"

  number_racers registered
  race_people 50 "update virtual_sessions set max_attendees = max_attendees + 1
      where id = '$ROOM' and :client_id % 2 = 0;" \
    "$AS_RACER" "select unregister_from_virtual_session('$ROOM') where :client_id % 2 = 1;"
  expect_race "25 seats are added while 25 are left: 50 move up" \
    "75 in 75 seats, 59 wait, first last, listed t" \
    "$(sql "select format('%s in %s seats, %s wait, %s', cardinality(s.registered_users), s.max_attendees,
        (select count(*) from virtual_session_registrations r where r.session_id = s.id and r.status = 'waiting'),
        (select case when max(r.place) filter (where r.status = 'registered')
            < min(r.place) filter (where r.status = 'waiting') then 'first last' end
          from virtual_session_registrations r where r.session_id = s.id))
      from virtual_sessions s where s.id = '$ROOM'"), listed $(listed)"

  joined=$(race "{\"role\": \"authenticated\", \"sub\": \"$CLIENT\"}" \
    "select register_for_virtual_session('$OTHER_ROOM') ->> 'status'" | counted)
  expect_race "$RACERS registrations of one person are one" "$RACERS registered, 1 row, listed t" \
    "$joined, $(sql "select count(*) from virtual_session_registrations
      where session_id = '$OTHER_ROOM' and user_id = '$CLIENT'") row, listed $(listed)"

  sql "drop table racers"
}
