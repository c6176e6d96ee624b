# Runs the steps of scripts/test and counts their tests; sourced by it.

passed=0
failed=0
failures=
work=$(mktemp -d)

# step TITLE COMMAND...: a check that is not a test.
step() {
  local title=$1
  shift
  say "$title"
  "$@" || note_failure "$title" 1
}

# step_tests TITLE COMMAND...: runs tests, whose counts are read from what they print.
step_tests() {
  local title=$1 status=0 counts
  shift
  say "$title"
  "$@" 2>&1 | tee "$work/output" || status=$?
  counts=$(count_tests <"$work/output")
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  if [ "$status" -ne 0 ]; then
    # What broke before a test could fail is one failure.
    note_failure "$title" $((${counts#* } == 0))
  elif [ "$counts" = "0 0" ]; then
    note_failure "$title (no test ran)" 1
  fi
  return "$status"
}

# note_failure TITLE COUNT
note_failure() {
  failures="$failures
  $1"
  failed=$((failed + $2))
}

# Reads the output of cargo test, pg_prove and node --test; prints "<passed> <failed>".
count_tests() {
  sed $'s/\033\\[[0-9;]*m//g' | awk '
    /^test result: / { passed += $4; failed += $6 }
    /^Files=[0-9]+, Tests=[0-9]+/ { split($2, tests, "[=,]"); passed += tests[2] }
    /\(Wstat: .* Failed: [0-9]+\)/ { match($0, /Failed: [0-9]+/); n = substr($0, RSTART + 8, RLENGTH - 8); passed -= n; failed += n }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
    END { print passed + 0, failed + 0 }'
}

report() {
  if [ -n "$failures" ]; then
    printf 'Failed:%s\n' "$failures"
  fi
  echo "$passed passed, $failed failed"
  [ -z "$failures" ] && [ "$failed" -eq 0 ]
}
