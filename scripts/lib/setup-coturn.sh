# Installs coturn, a TURN server that the tests start for themselves; sourced by scripts/setup.

COTURN_HELP="The tests need turnserver and turnutils_uclient, the programs of coturn, in the PATH."

coturn_is_complete() {
  have turnserver && have turnutils_uclient
}

setup_coturn() {
  coturn_is_complete && return 0
  if have apt-get; then
    setup_coturn_with_apt
  elif have brew; then
    say "Installing coturn with Homebrew"
    brew install coturn || fail "Homebrew could not install coturn" "$COTURN_HELP"
  fi
  coturn_is_complete || fail "coturn is missing" "$COTURN_HELP"
}

# The package would run a service that listens on every address: it is kept from that.
setup_coturn_with_apt() {
  if [ -d /run/systemd/system ]; then
    become_root "coturn is missing, and installing it needs root" "Run: sudo apt-get install coturn"
    $as_root systemctl --quiet mask coturn.service 2>/dev/null
  fi
  install_with_apt coturn "$COTURN_HELP" coturn
  if [ -d /run/systemd/system ]; then
    $as_root systemctl --quiet unmask coturn.service
    $as_root systemctl --quiet disable coturn.service 2>/dev/null
  fi
}
