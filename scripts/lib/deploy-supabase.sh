# Deploys the migrations and functions to Supabase; sourced by scripts/deploy.

deploy() {
  local name
  for name in $functions; do
    say "Function $name"
    node scripts/lib/check-supabase-function.mjs "$name"
  done
  say "Migrations, of which the database gets those it does not have yet"
  (cd supabase/migrations && printf '%s\n' *.sql)
  if [ "$dry_run" = no ]; then
    upload
  fi
}

upload() {
  local remote="--remote${SUPABASE_PROJECT_ID:+=$SUPABASE_PROJECT_ID}"
  local supabase=node_modules/.bin/supabase
  if [ -n "$secrets_file" ]; then
    "$supabase" secrets set "$remote" --env-file "$secrets_file" || fail "the secrets were not set"
  fi
  # The functions need the database as the migrations leave it.
  "$supabase" db push "$remote" --yes || fail "the migrations were not applied; no function was deployed"
  # shellcheck disable=SC2086 # names have no spaces
  "$supabase" functions deploy "$remote" --use-api --yes $functions || fail "the functions were not deployed"
}
