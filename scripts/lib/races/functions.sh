# Sourced by scripts/lib/database-races.sh: guests who come by a link or a passcode, bookings that get a meeting, and
# therapists who send people out, at the same moment.

THERAPIST=00000000-0000-4000-8000-000000000007
TUTOR=00000000-0000-4000-8000-000000000009
STUDENT=00000000-0000-4000-8000-00000000000a
GUEST='{"role": "anon"}'
GUEST_SESSION=00000000-0000-4000-8000-000000000b01
RETURN_SESSION=00000000-0000-4000-8000-000000000b02
GUEST_MEETING=MID-GUESTGUESTGUESTS

# race_calls CLIENTS CLAIMS CALL: as many clients make the call, a format for their number, at once; prints how many of each
# outcome, which is 'done' or the code of a refusal.
race_calls() {
  local script
  script=$(mktemp)
  cat >"$script" <<SQL
begin;
$(act_as "$2")
insert into race_outcomes values (race_outcome(format('$3', :client_id)));
commit;
SQL
  sql "truncate race_outcomes"
  race_pgbench "$1" 1 "$script"
  rm -f "$script"
  sql "select outcome from race_outcomes" | counted
}

# Guests who had left come back, by the link's token.
race_returns() {
  local join="join_instant_session(repeat(''s'', 64), ''Guest'', rpad(%1\$L, 32, ''.''))"
  local host="{\"role\": \"authenticated\", \"sub\": \"$THERAPIST\"}"
  local parts="from instant_session_participants where session_id = '$RETURN_SESSION'"
  sql "insert into instant_sessions (id, session_name, session_token, therapist_id)
      values ('$RETURN_SESSION', 'Race', repeat('s', 64), '$THERAPIST');
    insert into instant_session_participants (session_id, participant_name, guest_secret_hash, is_active)
      select '$RETURN_SESSION', 'Guest', private.hash_guest_secret(rpad(n::text, 32, '.')), false
      from generate_series(0, 109) n;
    create function race_as_guest(number integer) returns jsonb language sql as \$\$
      select set_config('request.jwt.claims', '$GUEST', true);
      select join_instant_session(repeat('s', 64), 'Guest', rpad(number::text, 32, '.')) \$\$;
    create function race_part(number integer) returns uuid language sql security definer as \$\$
      select id $parts and guest_secret_hash = private.hash_guest_secret(rpad(number::text, 32, '.')) \$\$"

  expect_race "110 guests who had left come back to a session with places for 80, and 10 come" \
    "80 done, 40 session_full, 80 there" \
    "$(race_calls 120 "$GUEST" "$join"), $(sql "select count(*) $parts and is_active") there"

  # Whoever comes back has their row, and asks for a place; whoever is removed has the session, and needs their row.
  sql "update instant_session_participants set is_active = false where session_id = '$RETURN_SESSION'"
  race_calls 60 "$host" "case when %1\$s < 30 then dismiss_instant_participant(race_part(%1\$s))
    else race_as_guest(%1\$s - 30) end" >/dev/null
  expect_race "30 guests come back while they are removed: neither waits for the other, and nobody is left" "0 failed, 0 left" \
    "$(sql "select count(*) from race_outcomes where outcome not in ('done', 'removed')") failed, $(
      sql "select count(*) $parts and guest_secret_hash in (
        select private.hash_guest_secret(rpad(n::text, 32, '.')) from generate_series(0, 29) n)") left"

  race_calls 60 "$host" "case when %1\$s >= 50 then change_instant_session(''$RETURN_SESSION'', ''end'')
    else race_as_guest(%1\$s + 30) end" >/dev/null
  expect_race "50 guests come back while the session ends: neither waits for the other, and nobody is there" \
    "0 failed, 0 there" \
    "$(sql "select count(*) from race_outcomes where outcome not in ('done', 'session_not_found')") failed, $(
      sql "select count(*) $parts and is_active") there"
  sql "drop function race_part, race_as_guest"
}

race_functions() {
  local removal one other
  sql "create table race_outcomes (outcome text);
    grant insert on race_outcomes to anon, authenticated, service_role;
    create function race_outcome(call text) returns text language plpgsql as \$\$
    declare answer jsonb;
    begin
      execute 'select ' || call into answer;
      return coalesce(answer ->> 'code', 'done');
    exception when sqlstate 'PGRST' then return sqlerrm::json ->> 'code';
      when others then return sqlstate;
    end \$\$;
    insert into instant_sessions (id, session_name, session_token, therapist_id)
      values ('$GUEST_SESSION', 'Race', repeat('r', 64), '$THERAPIST');
    insert into bookings (id, tutor_id, student_id) values ('$GUEST_SESSION', '$TUTOR', '$STUDENT')"

  expect_race "120 guests join a session with places for 80" "80 done, 40 session_full, 80 there" \
    "$(race_calls 120 "$GUEST" "join_instant_session(repeat(''r'', 64), ''Guest'', rpad(%L, 32, ''.''))"), $(
      sql "select count(*) from instant_session_participants where session_id = '$GUEST_SESSION' and is_active") there"

  # The end writes everyone in it, each dismissal one of them and then the session.
  sql "create table race_parts as select id, row_number() over () - 1 as number
      from instant_session_participants where session_id = '$GUEST_SESSION';
    grant select on race_parts to authenticated"
  expect_race "50 guests are dismissed while the session ends ten times: neither waits for the other" \
    "60 done, 30 left, 0 there" \
    "$(race_calls 60 "{\"role\": \"authenticated\", \"sub\": \"$THERAPIST\"}" "case when %1\$s < 50
      then dismiss_instant_participant((select id from race_parts where number = %1\$s))
      else change_instant_session(''$GUEST_SESSION'', ''end'') end"), $(
      sql "select count(*) || ' left, ' || count(*) filter (where is_active) || ' there'
        from instant_session_participants where session_id = '$GUEST_SESSION'")"
  sql "drop table race_parts"
  race_returns

  expect_race "$RACERS requests for the meeting of one booking: one gets it" \
    "1 done, $((RACERS - 1)) meeting_exists, 1 meeting" \
    "$(race_calls "$RACERS" "$SERVICE" "create_video_meeting(''$TUTOR'', jsonb_build_object(
      ''booking_id'', ''$GUEST_SESSION'', ''tutor_id'', ''$TUTOR'', ''student_id'', ''$STUDENT'',
      ''scheduled_start'', now(), ''scheduled_end'', now() + interval ''1 hour''),
      ''MID-'' || lpad(%L, 16, ''0''), ''123456'', null)"), $(
      sql "select count(*) from video_meetings where booking_id = '$GUEST_SESSION'") meeting"

  sql "update video_meetings set meeting_id = '$GUEST_MEETING' where booking_id = '$GUEST_SESSION'"
  expect_race "60 guests join a meeting of 50" "50 done, 10 meeting_full, 50 there" \
    "$(race_calls 60 "$SERVICE" "join_video_meeting(''$GUEST_MEETING'', null, %1\$L, ''123456'', ''guest'', %1\$L,
      rpad(%1\$L, 32, ''.''))"), $(sql "select count(*) from video_participants where user_type = 'guest'") there"
  # Two of those who got in.
  read -r one other <<<"$(sql "select string_agg(session_id, ' ') from (
    select session_id from video_participants where user_type = 'guest' limit 2) as inside")"
  expect_race "40 joins of one of them: 30 are let in, as one" "30 done, 10 too_many_joins, 1 there" \
    "$(sql "delete from private.rate_limits" && race_calls 40 "$SERVICE" "join_video_meeting(''$GUEST_MEETING'', null,
      ''one'', null, ''guest'', ''$one'', rpad(''$one'', 32, ''.''))"), $(
      sql "select count(*) from video_participants where session_id = '$one'") there"

  # The removal has the lock when the other begins, and lets go of it a second later.
  sql "update video_participants set left_at = now() where session_id <> '$one';
    begin;
    select remove_video_participant('$GUEST_MEETING', '$TUTOR', id, '654321') from video_participants
      where session_id = '$one';
    select pg_sleep(1);
    commit" >/dev/null &
  removal=$!
  until [ "$(sql "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" -gt 0 ]; do sleep 0.05; done
  expect_race "guests come with the passcode and the secret that a removal is about to close" "2 meeting_not_found" \
    "$(race_calls 2 "$SERVICE" "join_video_meeting(''$GUEST_MEETING'', null, ''late'',
      case %1\$s when 0 then ''123456'' end, ''guest'', null, rpad(''$other'', 32, case %1\$s when 0 then ''-'' else ''.'' end))")"
  wait "$removal"
  sql "drop function race_outcome; drop table race_outcomes; delete from video_meetings where booking_id = '$GUEST_SESSION'"
}
