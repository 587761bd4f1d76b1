# Hosts: how one is started and reached. Sourced by `cluster`.
#
# A host of the kind `namespaces` is a set of Linux namespaces; one of the kind `uml` is a User-Mode Linux kernel, for
# filesystems whose client or server is a part of the kernel.

start_host() {
  mkdir -p "$state/hosts/$1" "$state/disks/$1"
  rm -f "$state/hosts/$1/pid" "$state/hosts/$1/paused"
  plug_in "$1"
  "start_$kind" "$1"
}

await_host() {
  wait_for 90 host_answers "$1" || die "$1 does not come up, see $state/logs/$1"
}

start_namespaces() {
  # The same after each boot, as a card's is: the others remember it.
  ip -n "$(namespace_of "$1")" link set eth0 address "$(hardware_address "$1")"
  ip -n "$(namespace_of "$1")" addr add "$(address "$1")/24" dev eth0
  nsenter --net="/run/netns/$(namespace_of "$1")" \
    unshare --uts --ipc --mount --pid --fork --propagation private \
    "$here/host/namespaces-init" "$1" "$state" "$repository" >"$state/logs/$1" 2>&1 </dev/null &
}

start_uml() {
  local disk=() preload=
  add_tap "$1"
  [ ! -f "$state/disks/$1/image" ] || disk=("ubd0=$state/disks/$1/image")
  [ ! -f "$state/uml-xstate.so" ] || preload=$state/uml-xstate.so
  # Its memory is a file in TMPDIR, which must not be written to a disk.
  LD_PRELOAD=$preload TMPDIR=/dev/shm nsenter --net="/run/netns/$(namespace_of "$1")" \
    linux.uml "umid=$prefix-$1" "uml_dir=$state/uml" "mem=${UML_MEMORY:-1024M}" \
    rootfstype=hostfs rootflags=/ ro quiet con=null con0=null,fd:1 ssl=null "${disk[@]}" \
    vec0:transport=tap,ifname=tap0,depth=128,gro=1 \
    "init=$here/host/uml-init" "HOST=$1" "STATE=$state" "REPOSITORY=$repository" >"$state/logs/$1" 2>&1 </dev/null &
  echo $! >"$state/hosts/$1/pid"
}

host_answers() {
  case $kind in
    namespaces) [ -s "$state/hosts/$1/pid" ] ;;
    uml) as_root "$1" test -e /run/cluster/ready ;;
  esac
}

# The host's first process, or its kernel.
host_pid() {
  local pid
  pid=$(cat "$state/hosts/$1/pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

enter() {
  local pid
  pid=$(host_pid "$1") || die "$1 is not up"
  shift
  nsenter --target "$pid" --net --uts --ipc --mount --pid -- "$@"
}

login() {
  local name=$1 host=$2 line
  shift 2
  # What goes through ssh is taken apart by a shell once more.
  printf -v line '%q ' "$@"
  ip netns exec "$switch" ssh -F "$seed/ssh_config" -i "$seed/id" -l "$name" "$(address "$host")" "$line"
}

as_root() {
  case $kind in
    namespaces) enter "$@" ;;
    uml) login root "$@" ;;
  esac
}

as_user() {
  local host=$1
  shift
  if [ "$kind" = uml ]; then
    login "$user" "$host" "$@"
    return
  fi
  # The signal: who is killed here must not go on there.
  enter "$host" env -i PATH="$host_path" HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash LANG=C.UTF-8 \
    TERM="${TERM:-dumb}" setpriv --reuid "$uid" --regid "$uid" --clear-groups --pdeathsig KILL -- \
    sh -c 'cd && exec "$@"' sh "$@"
}

cluster_run() {
  local as=as_user
  [ "${1:-}" != -r ] || {
    as=as_root
    shift
  }
  [ $# -ge 2 ] || usage
  load_cluster
  "$as" "$@"
}
