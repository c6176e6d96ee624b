# Sourced by scripts/lib/database-races.sh: invitations, joins and ends of meetings at the same moment.

RACE_OPERATOR=00000000-0000-4000-8000-00000000000c
RACE_RECORD=00000000-0000-4000-8000-000000000401
RACE_MEETING=00000000-0000-4000-8000-0000000004ff

race_invitations() {
  local session invited
  session=$(sql "insert into video_sessions (host_id, provider, title, scheduled_start, duration_minutes, join_url)
    values ('$TRAINER', 'manual', 'Invited', '2030-01-01Z', 30, 'https://video.example/i') returning id" | head -n 1)
  invited=$(race "$HOST" "select send_session_invite('$session', '{$CLIENT}', null, null) #>> '{invitations,0,status}'" |
    counted)
  expect_race "$RACERS invitations of one client are one message" \
    "$((RACERS - 1)) already_invited, 1 invited, 1 message" \
    "$invited, $(sql "select count(*) from messages where content like 'Invited%'") message"
}

# race_joins CLAIMS: prints the role that each got, or the code of the refusal.
race_joins() {
  race "$1" "select join_meeting('$RACE_MEETING', true) ->> 'role'" | sed -n -e 's/.*"code" : "\([a-z_]*\)".*/\1/p' -e '/^operator$/p'
}

race_meetings() {
  local operator="{\"role\": \"authenticated\", \"sub\": \"$RACE_OPERATOR\"}"
  sql "insert into meetings (id, client_id, operator_id, title, scheduled_at)
    values ('$RACE_MEETING', '$RACE_RECORD', '$RACE_OPERATOR', 'Race', now())"

  expect_race "$((RACERS + RACERS)) joins of one operator: 30 are let in, and start the meeting once" \
    "30 operator, 10 too_many_joins, 1 start" \
    "$({ race_joins "$operator" & race_joins "$operator"; wait; } | counted), $(sql "select count(*) from session_audit
      where session_id = '$RACE_MEETING' and action = 'in_progress'") start"

  expect_race "$RACERS ends of a meeting hand its room's closing to one" "1 closing, $((RACERS - 1)) nothing, 2 effects" \
    "$(race "$operator" "select case when end_meeting('$RACE_MEETING') -> 'effect' = 'null' then 'nothing' else 'closing' end" |
      counted), $(sql "select count(*) from private.outbox where payload ->> 'meeting_id' = '$RACE_MEETING'") effects"
}
