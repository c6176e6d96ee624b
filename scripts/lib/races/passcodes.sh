# Sourced by scripts/lib/database-races.sh: a thousand guesses at a meeting's passcode at once, by one caller and by
# many.

PASSCODE_MEETING=MID-RACERACERACERACE

# guess ADDRESS MEETING_ID: 1,000 wrong guesses from where the expression ADDRESS names at what the other names; prints how
# many of each answer, and how many were compared: each of those leaves a row.
guess() {
  local script
  script=$(mktemp)
  cat >"$script" <<SQL
\\set random random(1, 1000000000)
begin;
$(act_as "$SERVICE")
insert into race_answers
  select coalesce(read_video_meeting($2, null, $1, '000000') ->> 'code', 'open')
    || ' ' || current_setting('response.status');
commit;
SQL
  sql "delete from private.passcode_attempts; truncate race_answers"
  race_pgbench 200 5 "$script"
  rm -f "$script"
  sql "select answer from race_answers" | awk '{ print $1 "/" $2 }' | counted
  sql "select ', ' || count(*) || ' compared' from private.passcode_attempts"
}

race_passcodes() {
  sql "insert into video_meetings (meeting_id, passcode, tutor_id, student_id, scheduled_start, scheduled_end)
      values ('$PASSCODE_MEETING', '123456', '$TRAINER', '$CLIENT', now(), now() + interval '1 hour');
    create table race_answers (answer text);
    grant insert on race_answers to service_role"

  expect_race "1,000 guesses by one caller: 5 are compared" \
    "5 meeting_not_found/404, 995 too_many_attempts/429, 5 compared" "$(guess "'192.0.2.1'" "'$PASSCODE_MEETING'")"
  expect_race "1,000 guesses by as many callers: 20 are compared" \
    "20 meeting_not_found/404, 980 too_many_attempts/429, 20 compared" "$(guess ":random::text" "'$PASSCODE_MEETING'")"
  expect_race "1,000 guesses by one caller at as many IDs: 60 are compared" \
    "60 meeting_not_found/404, 940 too_many_attempts/429, 60 compared" \
    "$(guess "'192.0.2.1'" "'MID-' || lpad(:random::text, 16, '0')")"
  sql "drop table race_answers"
}
