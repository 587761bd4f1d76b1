# `cluster up`. Sourced by `cluster`.

cluster_up() {
  [ $# = 1 ] || [ $# = 2 ] || usage
  local began=${EPOCHREALTIME/./} count=${2:-2} host
  filesystem=$1
  [[ $count =~ ^[1-9][0-9]?$ ]] || die "how many hosts? \"$count\""
  load_filesystem "$filesystem"
  check_packages "$filesystem"
  hosts=()
  for ((host = 1; host <= count; host++)); do hosts+=("h$host"); done
  make_state
  make_keys
  plug_switch
  fs_prepare
  for host in $servers "${hosts[@]}"; do start_host "$host"; done
  for host in $servers "${hosts[@]}"; do await_host "$host"; done
  [ -z "$servers" ] || fs_serve
  for host in "${hosts[@]}"; do fs_mount "$host"; done
  furnish_home
  local took=$((${EPOCHREALTIME/./} - began))
  printf 'up: %s, %s, in %d.%d s\n' "$filesystem" "${hosts[*]}" $((took / 1000000)) $((took / 100000 % 10)) >&2
}

# The mark is made first, so that `down` knows even a state directory that came no further for its own.
make_state() {
  [ ! -e "$state/config" ] || die "a cluster is up in $state already"
  [ ! -e "$state" ] || die "$state is in the way"
  ! ip netns list | grep -q "^$switch\b" || die "another cluster is called \"$prefix\": set FJR_CLUSTER_PREFIX"
  mkdir -p "$state"
  # Hosts' users may pass, to a bind-mounted home below, and not look around.
  chmod 711 "$state"
  {
    echo "filesystem=$filesystem hosts=(${hosts[*]})"
    printf 'host_path=%q\n' "$(path_on_hosts)"
    local option
    for option in $options; do [ -z "${!option:-}" ] || printf '%s=%q\n' "$option" "${!option}"; done
  } >"$state/config"
  . "$state/config"
  mkdir "$state/hosts" "$state/disks" "$state/logs"
  mkdir -m 700 "$seed"
}

# Where the user finds programs on the hosts: the Node that is used here comes first.
path_on_hosts() {
  local node
  node=$(command -v node) && printf '%s:' "$(dirname "$(readlink -f "$node")")"
  echo /usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
}

# One key for all hosts, known to all of them, and one with which everybody may log in everywhere.
make_keys() {
  local host key
  ssh-keygen -q -t ed25519 -N '' -C "host of $prefix" -f "$seed/host_key"
  ssh-keygen -q -t ed25519 -N '' -C "user of $prefix" -f "$seed/id"
  key=$(cut -d ' ' -f 1,2 "$seed/host_key.pub")
  echo '127.0.0.1 localhost' >"$seed/hosts"
  for host in $servers "${hosts[@]}"; do
    echo "$(address "$host") $host" >>"$seed/hosts"
    echo "$host,$(address "$host") $key" >>"$seed/known_hosts"
  done
  cat >"$seed/ssh_config" <<END
UserKnownHostsFile $seed/known_hosts
GlobalKnownHostsFile /dev/null
BatchMode yes
ConnectTimeout 5
LogLevel ERROR
END
  cat >"$seed/sshd_config" <<END
HostKey /run/cluster/host_key
AuthorizedKeysFile /run/cluster/id.pub .ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
MaxStartups 100
SetEnv PATH=$host_path
Subsystem sftp internal-sftp
END
  cat >"$seed/account" <<END
user=$user uid=$uid home=$home
clock_skew=${CLOCK_SKEW:-0}
node_directory=${host_path%%:*}
END
}

# The key lies in the shared home, as it would anywhere: with it each host reaches each other.
furnish_home() {
  as_user "${hosts[0]}" sh -c 'umask 077 && mkdir -p ~/.ssh && cat >~/.ssh/id_ed25519' <"$seed/id"
}
