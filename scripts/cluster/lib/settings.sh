# What can be set, where things lie, and how hosts are called. Sourced by `cluster`.

state=${FJR_CLUSTER:-/var/tmp/fjr-cluster}
# Network namespaces are visible on the whole machine: clusters that run at the same time need prefixes of their own.
prefix=${FJR_CLUSTER_PREFIX:-$(basename "$state")}
repository=$(cd "$here/../.." && pwd)

# The same on all hosts, as in every place with a shared home.
user=fjr
uid=2000
home=/home/$user

# What each host gets to see of the state directory, copied to /run/cluster there.
seed=$state/seed
subnet=10.77.0

# Options that a host needs again when it is booted later.
options='CLOCK_SKEW SSHFS_OPTS GLUSTER_OPTS NFS_OPTS NFS_EXPORT UML_MEMORY'

die() {
  echo "cluster: $*" >&2
  exit 1
}

# Looks until a command succeeds, at most so many seconds long.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

known_filesystems() {
  basename -s .sh "$here"/fs/*.sh | xargs
}

# Defines what the filesystem's file in fs/ does: `kind`, `needs`, and the functions fs_prepare, fs_serve, fs_mount.
load_filesystem() {
  kind=namespaces
  servers=fs
  needs=()
  fs_prepare() { :; }
  [[ $1 =~ ^[a-z0-9-]+$ && -f $here/fs/$1.sh ]] || die "no filesystem \"$1\"; there are: $(known_filesystems)"
  # shellcheck source=/dev/null
  . "$here/fs/$1.sh"
}

# The cluster that is up: its filesystem, its hosts, and the options that it was started with.
load_cluster() {
  [ -f "$state/config" ] || die "no cluster is up in $state"
  # shellcheck source=/dev/null
  . "$state/config"
  load_filesystem "$filesystem"
}

cluster_status() {
  load_cluster
  echo "$filesystem ${hosts[*]}"
}

address() {
  case $1 in
    switch) echo "$subnet.254" ;;
    fs) echo "$subnet.1" ;;
    h[1-9] | h[1-9][0-9]) echo "$subnet.$((10 + ${1#h}))" ;;
    *) die "no host \"$1\"" ;;
  esac
}

hardware_address() {
  local ip
  ip=$(address "$1")
  printf '02:00:00:00:00:%02x' "${ip##*.}"
}
