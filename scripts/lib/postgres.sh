#!/usr/bin/env bash
# Runs a temporary PostgreSQL 15 cluster on 127.0.0.1 until this process ends or its parent does.
# Prints one line, the postgres:// URL of a superuser, when the server answers. The data goes with it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# PostgreSQL refuses to run as root.
as_server_user() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

start_server() {
  local attempt
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
    if as_server_user "$bin/pg_ctl" -s -w -t 30 -D "$directory/data" -l "$directory/log" start -o "\
      -p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=250 \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c timezone=UTC" 2>>"$directory/ctl"; then
      return
    fi
  done
  cat "$directory/log" "$directory/ctl" >&2
  fail "PostgreSQL did not start"
}

stop_server() {
  as_server_user "$bin/pg_ctl" -s -w -m immediate -D "$directory/data" stop >/dev/null 2>&1 || true
  rm -rf "$directory"
}

main() {
  bin=$(postgres_folder)
  [ -n "$bin" ] || fail "PostgreSQL 15 was not found" "Run scripts/setup --tests, or set PG_BINDIR to the folder of its initdb."
  local parent=$PPID password
  # Not TMPDIR: the server's user may not reach into it.
  directory=$(mktemp -d /tmp/convene-postgres.XXXXXX)
  trap stop_server EXIT
  trap 'exit 0' INT TERM HUP
  cd "$directory"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$directory/password"
  if [ "$(id -u)" -eq 0 ]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres to run the server as" \
      "Install the package of PostgreSQL, or do not run this as root."
    chown -R postgres "$directory"
  fi
  as_server_user "$bin/initdb" -D "$directory/data" -U postgres -E UTF8 --locale=C --no-sync \
    --auth=scram-sha-256 --pwfile="$directory/password" >"$directory/initdb" 2>&1 ||
    { cat "$directory/initdb" >&2; fail "initdb failed"; }
  start_server
  echo "postgres://postgres:$password@127.0.0.1:$port/postgres"
  while kill -0 "$parent" 2>/dev/null; do
    sleep 1 &
    wait $! || true
  done
}

main "$@"
