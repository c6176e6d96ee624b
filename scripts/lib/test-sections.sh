# The sections of scripts/test; sourced by it.

section_lint() {
  step "Formatting" cargo fmt --all --check
  step "Spelling" "$TYPOS"
  # To a checker of single files a variable that another file reads or sets is unused or unset; `set -e` ends on a failed cd.
  # shellcheck disable=SC2046 # one argument for each script
  step "Shell" "$SHELLCHECK" --external-sources --shell bash --severity warning --exclude SC2034,SC2154,SC2164 $(git ls-files scripts .ci | grep -vE "\.(mjs|js|sql)$")
  step "Clippy" cargo clippy --locked --workspace --all-targets -- -D warnings
  # shellcheck disable=SC2046 # one argument for each crate
  step "Clippy for WebAssembly" cargo clippy --locked --target wasm32-unknown-unknown --lib \
    --package shared $(all_functions | sed 's/^/--package /') -- -D warnings
  step "Types of the TypeScript baselines" node_modules/.bin/tsc --project tests/bench/baseline
  step "Documentation" env RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --quiet
  step "Dependencies: bans, licenses, sources" "$CARGO_DENY" --locked check bans licenses sources
  if "$CARGO_DENY" --locked fetch db >"$work/advisories" 2>&1; then
    step "Dependencies: advisories" "$CARGO_DENY" --locked check --disable-fetch advisories
  else
    echo "SKIPPED: security advisories of dependencies; their database cannot be reached from here"
  fi
}

section_unit() {
  step_tests "Unit tests" cargo test --locked --no-fail-fast --workspace --exclude convene-tests || true
  step_tests "Unit tests of the simulators" cargo test --locked --package convene-tests --lib --bins || true
  step_tests "Tests with a real coturn" cargo test --locked --package convene-tests --test coturn || true
}

section_database() {
  step_tests "Database tests (pgTAP)" scripts/test-database || true
}

section_deploy() {
  step "Dry run: Cloudflare" scripts/deploy cloudflare --dry-run
  step "Dry run: Supabase" scripts/deploy supabase --dry-run
}

section_black_box() {
  local runtime
  step "Build" scripts/build
  # Compiled before the stack runs, so that the tests' timeouts do not meet a busy compiler.
  step "Build the tests" cargo test --locked --package convene-tests --test black_box --test same_work --no-run
  step_tests "The edge of the functions, both runtimes" edge_tests || true
  start_postgres || { note_failure "Temporary PostgreSQL" 1; return; }
  for runtime in workerd deno; do
    with_stack "$runtime on PostgreSQL" --runtime "$runtime" --db "$postgres_url" -- black_box_tests acceptance_tests same_work_tests log_tests
    OPENVIDU_VERSION=2 TURN_SERVICE=cloudflare with_stack "$runtime on PostgreSQL, with OpenVidu 2 and Cloudflare's TURN" \
      --runtime "$runtime" --db "$postgres_url" -- room_tests relay_tests room_acceptance_tests same_room_tests
    with_stack "$runtime on PostgreSQL, with the baselines" --runtime "$runtime" --db "$postgres_url" --baseline -- same_work_tests
    OPENVIDU_VERSION=2 with_stack "$runtime on PostgreSQL, with the baselines and OpenVidu 2" \
      --runtime "$runtime" --db "$postgres_url" --baseline -- same_room_tests
  done
  with_stack "workerd on PGlite" -- acceptance_tests
  stop "$postgres_pid"
  # Whether everything is answered that is measured; never how fast.
  step "scripts/bench --quick" scripts/bench --quick --json "$work/bench.json"
  step_tests "scripts/dev" node --test --test-reporter=spec scripts/lib/dev.test.mjs || true
}

# A subshell: a build that fails is the end of these alone.
edge_tests() (
  build_worker tests/edge/traps tests/edge/traps/build/function.js &&
    node --test --test-reporter=spec tests/edge/*.test.mjs
)

black_box_tests() {
  CONVENE_STACK_ENV="$work/stack.env" cargo test --locked --package convene-tests --test black_box -- --skip logs::
}

# At the end: what was logged meanwhile is searched too.
log_tests() {
  CONVENE_STACK_ENV="$work/stack.env" CONVENE_STACK_LOG="$work/stack" cargo test --locked --package convene-tests --test black_box logs::
}

acceptance_tests() {
  CONVENE_STACK_ENV="$work/stack.env" node --test --test-reporter=spec tests/acceptance/*.test.mjs
}

# What the functions and the TypeScript baselines of tests/bench both do.
same_work_tests() {
  CONVENE_STACK_ENV="$work/stack.env" cargo test --locked --package convene-tests --test same_work
}

same_room_tests() {
  CONVENE_STACK_ENV="$work/stack.env" cargo test --locked --package convene-tests --test same_work rooms::
}

# What depends on the version of OpenVidu. A filter is any part of a name, and group sessions have rooms too.
room_tests() {
  CONVENE_STACK_ENV="$work/stack.env" cargo test --locked --package convene-tests --test black_box rooms:: -- --skip virtual_sessions::
}

# What depends on the TURN service.
relay_tests() {
  CONVENE_STACK_ENV="$work/stack.env" cargo test --locked --package convene-tests --test black_box instant_sessions::relays
}

room_acceptance_tests() {
  CONVENE_STACK_ENV="$work/stack.env" node --test --test-reporter=spec tests/acceptance/{operator_app,clients_first}.test.mjs
}

# Everything that was started is stopped, however the tests end.
trap 'stop "${stack_pid:-}"; stop "${postgres_pid:-}"; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stop() {
  [ -n "$1" ] && kill "$1" 2>/dev/null || return 0
  wait "$1" 2>/dev/null || true
}

# wait_for FILE PATTERN PID SECONDS: until a line of the file matches.
wait_for() {
  local deadline=$((SECONDS + $4))
  until grep -q "$2" "$1"; do
    kill -0 "$3" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

start_postgres() {
  : >"$work/postgres"
  scripts/lib/postgres.sh >"$work/postgres" &
  postgres_pid=$!
  wait_for "$work/postgres" '^postgres://' "$postgres_pid" 60 || return 1
  postgres_url=$(grep '^postgres://' "$work/postgres")
}

# with_stack NAME [OPTION OF scripts/dev]... -- TESTS...
with_stack() {
  local name=$1 options=() tests ok=yes
  shift
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  : >"$work/stack"
  # Some tests wait until a provider that never answers is given up.
  PROVIDER_TIMEOUT_MS=1500 scripts/dev --ephemeral --no-scheduler --env-file "$work/stack.env" ${options[@]+"${options[@]}"} >"$work/stack" 2>&1 &
  stack_pid=$!
  if wait_for "$work/stack" '^ready ' "$stack_pid" 300; then
    for tests in "$@"; do
      step_tests "$(echo "$tests" | tr _ ' '), $name" "$tests" || ok=no
    done
  else
    note_failure "the stack did not start: $name" 1
    ok=no
  fi
  stop "$stack_pid"
  stack_pid=
  if [ "$ok" = no ]; then
    say "What the stack printed ($name)"
    tail -n 200 "$work/stack"
  fi
}
