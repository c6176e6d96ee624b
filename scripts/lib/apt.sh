# Installs packages of Debian and Ubuntu; sourced by scripts/setup.

# install_with_apt WHAT HELP PACKAGE...
install_with_apt() {
  local what=$1 help=$2
  shift 2
  become_root "$what is missing, and installing it needs root" "Run: sudo apt-get install $*"
  say "Installing $what"
  $as_root apt-get update -q || echo "apt-get update failed; trying with the package lists at hand" >&2
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
    fail "apt-get could not install $what" "$help"
}

# become_root MESSAGE [WHAT TO DO]...: sets as_root to what has to stand before a command; fails with the message when nothing helps.
become_root() {
  as_root=
  [ "$(id -u)" -ne 0 ] || return 0
  sudo -n true 2>/dev/null || fail "$@"
  as_root=sudo
}
