# What can happen to a host. Sourced by `cluster`.

cluster_fault() {
  [ $# = 2 ] || usage
  load_cluster
  [ -d "$state/hosts/$2" ] || die "no host \"$2\" in this cluster"
  case $1 in
    pause | resume | cut | heal | crash | boot) "$1_host" "$2" ;;
    *) usage ;;
  esac
}

# It stands still: its processes do nothing, its connections stay.
pause_host() {
  # shellcheck disable=SC2046
  kill -STOP $(stoppable "$1")
}

resume_host() {
  # shellcheck disable=SC2046
  kill -CONT $(stoppable "$1")
}

# Of a guest kernel only itself: its processes are traced by it, and a signal of ours would look like one of theirs.
stoppable() {
  if [ "$kind" = uml ]; then host_pid "$1"; else processes_in "$(namespace_of "$1")"; fi
}

# Its cable is pulled.
cut_host() {
  ip -n "$switch" link set "port-$1" down
}

heal_host() {
  ip -n "$switch" link set "port-$1" up
}

# Its power fails. Off the wire first: a kernel that closes dead processes' connections would tell the others.
crash_host() {
  unplug "$1"
  remove_namespace "$(namespace_of "$1")"
  rm -f "$state/hosts/$1/pid"
}

# It starts again, with what lay on its disk and with its mount.
boot_host() {
  ! host_pid "$1" >/dev/null || die "$1 is up"
  start_host "$1"
  await_host "$1"
  case $1 in
    fs) fs_serve ;;
    *) fs_mount "$1" ;;
  esac
}
