# Sourced after common.sh: databases on a temporary PostgreSQL 15, which ends with the script.

start_cluster() {
  # A pipe to read the URL from, without waiting for the server to end.
  exec 3< <(exec scripts/lib/postgres.sh)
  read -r SERVER <&3 || fail "the temporary PostgreSQL did not start"
  SERVER=${SERVER%/postgres}
}

sql() {
  psql -XqAt -v ON_ERROR_STOP=1 "$SERVER/$DATABASE" -c "$1"
}

apply() {
  local file
  for file in "$@"; do
    PGOPTIONS='-c client_min_messages=warning' psql -Xq -1 -v ON_ERROR_STOP=1 "$SERVER/$DATABASE" -f "$file" ||
      fail "$file failed"
  done
}

# use_database NAME [TEMPLATE]: a new database that looks like a new project.
use_database() {
  DATABASE=postgres sql "create database $1 template ${2:-template0}"
  DATABASE=$1
  [ $# -eq 2 ] || apply tests/postgres/bootstrap.sql
}
