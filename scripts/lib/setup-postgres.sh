# Installs PostgreSQL 15 with pgTAP for the tests; sourced by scripts/setup.

POSTGRES_HELP="The tests need PostgreSQL 15, its extension pgTAP and the program pg_prove. Elsewhere, set PG_BINDIR to the folder of PostgreSQL 15's programs."

postgres_is_complete() {
  local folder
  folder=$(postgres_folder)
  [ -n "$folder" ] && have pg_prove &&
    [ -f "$("$folder/pg_config" --sharedir)/extension/pgtap.control" ]
}

setup_postgres() {
  postgres_is_complete && return 0
  if have apt-get; then
    install_with_apt "PostgreSQL 15 with pgTAP" \
      "$POSTGRES_HELP Where the distribution has another version: https://wiki.postgresql.org/wiki/Apt" \
      postgresql-15 postgresql-15-pgtap postgresql-15-plpgsql-check libtap-parser-sourcehandler-pgtap-perl
  elif have brew; then
    say "Installing PostgreSQL 15 and pgTAP with Homebrew"
    brew install postgresql@15 pgtap || fail "Homebrew could not install postgresql@15 and pgtap" "$POSTGRES_HELP"
    have pg_prove || echo "pg_prove is missing: sudo cpan TAP::Parser::SourceHandler::pgTAP" >&2
  fi
  postgres_is_complete || fail "PostgreSQL 15 with pgTAP is missing" "$POSTGRES_HELP"
}
