# Sourced by every script: where things are, which versions are used, how to report.
# Works with the bash 3.2 of macOS.

set -euo pipefail

# Paths given on the command line are relative to this folder.
export CALLER_FOLDER=${CALLER_FOLDER:-$PWD}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"

# Tools are built once per machine and version, outside the clone.
TOOLS=${CONVENE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/convene/tools}

WORKER_BUILD_VERSION=0.8.7
# The tool must be exactly the version of the crate.
WASM_BINDGEN_VERSION=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
CARGO_DENY_VERSION=0.20.2
TYPOS_VERSION=1.52.0
SHELLCHECK_VERSION=0.11.0.1

WORKER_BUILD="$TOOLS/worker-build-$WORKER_BUILD_VERSION/bin/worker-build"
WASM_BINDGEN="$TOOLS/wasm-bindgen-cli-$WASM_BINDGEN_VERSION/bin/wasm-bindgen"
CARGO_DENY="$TOOLS/cargo-deny-$CARGO_DENY_VERSION/bin/cargo-deny"
TYPOS="$TOOLS/typos-$TYPOS_VERSION/bin/typos"
SHELLCHECK="$TOOLS/shellcheck-$SHELLCHECK_VERSION/bin/shellcheck"

# None of the npm tools may report usage or look for updates.
export WRANGLER_SEND_METRICS=false DO_NOT_TRACK=1 NO_UPDATE_NOTIFIER=1 DENO_NO_UPDATE_CHECK=1

say() {
  printf '==> %s\n' "$*"
}

# fail MESSAGE [WHAT TO DO]...
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do
    printf '       %s\n' "$line" >&2
  done
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# Waits until no other script in this clone does the same thing, and keeps the others waiting until
# this one ends. (macOS has no flock; there two at once are the user's risk.)
one_at_a_time() {
  have flock || return 0
  mkdir -p target
  exec 9>"target/.$1.lock"
  flock --nonblock 9 || { say "Waiting for another $1 in this clone" && flock 9; }
}

require_node() {
  have node || fail "Node.js is missing" "Install Node.js 20.11 or newer: https://nodejs.org"
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 11) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old" "Install Node.js 20.11 or newer: https://nodejs.org"
}

# Where the programs of PostgreSQL 15 are; nothing when it is not installed.
postgres_folder() {
  local folder
  for folder in "${PG_BINDIR:-}" /usr/lib/postgresql/15/bin /opt/homebrew/opt/postgresql@15/bin \
    /usr/local/opt/postgresql@15/bin /usr/pgsql-15/bin "$(pg_config --bindir 2>/dev/null || true)"; do
    if [ -x "$folder/initdb" ] && "$folder/postgres" --version | grep -q ' 15\.'; then
      echo "$folder"
      return
    fi
  done
}

# The names of all functions: the folders of functions/ that hold a crate.
all_functions() {
  local manifest
  for manifest in functions/*/Cargo.toml; do
    basename "$(dirname "$manifest")"
  done
}

# Prints the functions that were asked for, all when none was; fails on an unknown name.
chosen_functions() {
  if [ $# -eq 0 ]; then
    all_functions
    return
  fi
  local name
  for name in "$@"; do
    [ -f "functions/$name/Cargo.toml" ] ||
      fail "there is no function '$name'" "The functions are: $(all_functions | tr '\n' ' ')"
    echo "$name"
  done
}

# Runs a command in a process group of its own, so that stopping this script also stops
# everything the command started.
run_stoppable() {
  local status=0
  set -m
  "$@" &
  STOPPABLE=$!
  set +m
  trap 'kill -TERM -- "-$STOPPABLE" 2>/dev/null; wait "$STOPPABLE" 2>/dev/null || true; exit 0' INT TERM
  wait "$STOPPABLE" || status=$?
  trap - INT TERM
  return "$status"
}
