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
