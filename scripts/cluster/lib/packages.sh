# Which Debian packages a filesystem needs. Sourced by `cluster`.

# Each need is COMMAND:PACKAGE; the filesystems' files add their own.
common_needs=(ip:iproute2 unshare:util-linux setpriv:util-linux sshd:openssh-server ssh:openssh-client)

missing_packages() {
  local need
  for need in "${common_needs[@]}" "${needs[@]}"; do
    command -v "${need%%:*}" >/dev/null || echo "${need#*:}"
  done | sort -u | xargs
}

check_packages() {
  local missing
  missing=$(missing_packages)
  [ -z "$missing" ] ||
    die "$1 needs the Debian packages: $missing (\`cluster install $1\` runs apt-get for you)"
}

# Why a cluster on this filesystem cannot be here, a reason a line; nothing if it can.
cluster_check() {
  [ $# = 1 ] || usage
  load_filesystem "$1"
  local missing reasons=()
  missing=$(missing_packages)
  [ "$(id -u)" = 0 ] || reasons+=('only root can start it')
  [ -z "$missing" ] || reasons+=("it needs the Debian packages $missing")
  # Root in a container may be denied both.
  unshare --net --mount --pid --fork true 2>/dev/null || reasons+=('namespaces cannot be made here')
  [ "$kind" != namespaces ] || [ -z "$servers" ] || [ -c /dev/fuse ] || reasons+=('there is no /dev/fuse')
  [ ${#reasons[@]} = 0 ] || printf '%s\n' "${reasons[@]}"
}

cluster_install() {
  [ $# = 1 ] || usage
  load_filesystem "$1"
  local missing
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  # Tried even when the update failed: the package lists at hand may do.
  apt-get -qq -o DPkg::Lock::Timeout=300 update || true
  # shellcheck disable=SC2086
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >&2
}
