# Sourced by scripts/test-database: what must hold when requests arrive at the same moment, in separate sessions. The
# people are those of the seed. `sql` runs a statement as the superuser.

. scripts/lib/races/functions.sh
. scripts/lib/races/lifecycle.sh
. scripts/lib/races/meetings.sh
. scripts/lib/races/passcodes.sh
. scripts/lib/races/seats.sh

TRAINER=00000000-0000-4000-8000-000000000001
CLIENT=00000000-0000-4000-8000-000000000003
SERVICE='{"role": "service_role"}'
HOST="{\"role\": \"authenticated\", \"sub\": \"$TRAINER\"}"

RACERS=20
RACES=0

# act_as CLAIMS: prints what makes a transaction one of PostgREST, for whoever the claims are of.
act_as() {
  cat <<SQL
do \$\$ begin
  perform set_config('request.jwt.claims', '$1', true), set_config('role', '$1'::json ->> 'role', true);
end \$\$;
SQL
}

# race_pgbench CLIENTS TIMES FILE...: as many clients at once, each running one of the transactions in the files so many
# times. pgbench keeps hundreds of them under way, which as many psql could not.
race_pgbench() {
  local clients=$1 times=$2 log
  shift 2
  log=$(mktemp)
  # A transaction that it gave up may be missing from the count alone.
  if ! "$(postgres_folder)/pgbench" -n -c "$clients" -j 2 -t "$times" "${@/#/--file=}" "$RACE_URL" >"$log" 2>&1 ||
      ! grep -q "transactions actually processed: $((clients * times))/$((clients * times))$" "$log"; then
    fail "pgbench did not finish: $(cat "$log")"
  fi
  rm -f "$log"
}

# race CLAIMS SQL: runs SQL in many sessions at once, prints each answer on a line.
race() {
  local start number racers=()
  start=$(sql "select clock_timestamp() + interval '700 milliseconds'")
  for number in $(seq "$RACERS"); do
    psql -XqAt -v ON_ERROR_STOP=1 "$RACE_URL" 2>&1 <<SQL &
do \$\$ begin perform pg_sleep_until('$start'); end \$\$;
begin;
$(act_as "$1")
$2;
commit;
SQL
    racers+=($!)
  done
  wait "${racers[@]}" || true  # a failure is among the answers
}

# expect_race NAME EXPECTED ACTUAL
expect_race() {
  [ "$2" = "$3" ] || fail "race: $1" "expected: $2" "     got: $3"
  say "ok: $1"
  RACES=$((RACES + 1))
}

# "3 a, 1 b" for lines of a and b.
counted() {
  sort | uniq -c | awk '{ printf "%s%s %s", separator, $1, $2; separator = ", " }'
}

session_request() {
  printf '{"title": "Race", "scheduled_start": "2030-01-01T10:00:00Z", "duration_minutes": 30, "client_ids": ["%s"], %s}' \
    "$CLIENT" "$1"
}

run_races() {
  RACE_URL=$1
  local link zoom created committed claim
  link=$(session_request '"provider": "manual", "join_url": "https://video.example/x"')
  zoom=$(session_request '"provider": "zoom", "join_url": null')

  created=$(race "$HOST" "select create_video_session('$link', 'race', '{}') #>> '{session,id}'" | sort -u | wc -l)
  expect_race "$RACERS requests with one key make one session" "1 1" \
    "$((created)) $(sql "select count(*) from video_sessions")"

  sql "insert into user_integrations_zoom (user_id, access_token, refresh_token, expires_at)
    values ('$TRAINER', 'a', 'r', now() + interval '1 hour')"
  expect_race "$RACERS Zoom requests with one key make one claim" "1 claimed, $((RACERS - 1)) in_progress" \
    "$(race "$HOST" "select create_video_session('$zoom', 'zoom', '{\"passcode\": \"p\"}') ->> 'outcome'" | counted)"

  claim=$(sql "select format('%L, %L', id, lease_id) from private.outbox")
  committed=$(race "$SERVICE" "select commit_zoom_session($claim, '{\"id\": 1, \"join_url\": \"https://zoom.us/j/1\"}')
    #>> '{session,id}'" | sort -u | wc -l)
  expect_race "$RACERS commits of one claim make one session" "1 1" \
    "$((committed)) $(sql "select count(*) from video_sessions where provider_meeting_id = '1'")"

  race "$HOST" "select create_video_session('$zoom', 'lapsed', '{\"passcode\": \"p\"}')" >/dev/null
  sql "update private.outbox set leased_until = now() where status = 'pending'"
  expect_race "$RACERS repeats of an abandoned request: one takes the claim over" \
    "1 claimed, $((RACERS - 1)) in_progress" \
    "$(race "$HOST" "select create_video_session('$zoom', 'lapsed', '{\"passcode\": \"p\"}') ->> 'outcome'" | counted)"

  sql "update user_integrations_zoom set expires_at = now()"
  expect_race "$RACERS workers with an expired token: one refreshes" "$((RACERS - 1)) busy, 1 lease" \
    "$(race "$SERVICE" "select case when (zoom_grant('$TRAINER') ->> 'refresh_busy')::boolean then 'busy' else 'lease' end" |
      counted)"

  sql "insert into private.outbox (kind, host_id, payload)
    select 'zoom.delete_meeting', gen_random_uuid(), '{}' from generate_series(1, 10)"
  expect_race "$RACERS workers on 10 effects: each is handed out once" "$((RACERS - 10)) none, 10 taken" \
    "$(race "$SERVICE" "select case jsonb_array_length(claim_outbox(1) -> 'effects') when 0 then 'none' else 'taken' end" |
      counted)"

  sql "delete from conversations"
  link=$(session_request '"provider": "manual", "join_url": "https://video.example/x", "send_invite": true')
  created=$(race "$HOST" "select create_video_session('$link', null, '{}') ->> 'outcome'" | counted)
  expect_race "$RACERS invitations open one conversation" "$RACERS created, 1 conversation" \
    "$created, $(sql "select count(*) from conversations") conversation"

  race_invitations
  race_meetings
  race_seats
  race_lifecycle
  race_passcodes
  race_functions
}
