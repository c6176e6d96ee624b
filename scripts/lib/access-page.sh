# Sourced by scripts/test-database: supabase/ACCESS.md, the page that shows who may do what, comes from the expectations
# that the tests attempt, so that it cannot drift from them.

ACCESS_PAGE=supabase/ACCESS.md

# access_page DATABASE_URL: prints the page.
access_page() {
  psql -XqAt -v ON_ERROR_STOP=1 "$1" -f supabase/tests/support/access_page.psql
}

check_access_page() {
  access_page "$1" | cmp -s - "$ACCESS_PAGE" ||
    fail "$ACCESS_PAGE is not what the tests expect" "Run scripts/test-database --write-access-page"
}
