# The wires: a bridge in a network namespace of its own, and a port on it for each host. Nothing here can reach the
# machine's own interfaces, so that all clusters use the same addresses. Sourced by `cluster`.

switch=$prefix-switch

namespace_of() {
  echo "$prefix-$1"
}

plug_switch() {
  ip netns add "$switch"
  ip -n "$switch" link set lo up
  ip -n "$switch" link add bridge type bridge forward_delay 0
  ip -n "$switch" addr add "$(address switch)/24" dev bridge
  ip -n "$switch" link set bridge up
}

# A host's network namespace, with `eth0` that leads to the switch.
plug_in() {
  local host=$1 namespace
  namespace=$(namespace_of "$host")
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  ip -n "$switch" link add "port-$host" type veth peer name eth0 netns "$namespace"
  ip -n "$switch" link set "port-$host" master bridge up
  ip -n "$namespace" link set eth0 up
}

# A kernel of its own in that namespace sits behind a tap device.
add_tap() {
  local namespace
  namespace=$(namespace_of "$1")
  ip netns exec "$namespace" ip tuntap add dev tap0 mode tap
  ip -n "$namespace" link add bridge type bridge forward_delay 0
  ip -n "$namespace" link set eth0 master bridge
  ip -n "$namespace" link set tap0 master bridge up
  ip -n "$namespace" link set bridge up
}

unplug() {
  ip -n "$switch" link del "port-$1" 2>/dev/null || true
}

# Everything that runs in a namespace, whoever started it: no list of process ids could be as complete.
processes_in() {
  ip netns pids "$1" 2>/dev/null || true
}

# Kills until nothing is left: a process that forks meanwhile leaves a child behind.
kill_all_in() {
  local pids tries=0
  while pids=$(processes_in "$1") && [ -n "$pids" ] && [ $((tries += 1)) -le 100 ]; do
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.02
  done
}

remove_namespace() {
  kill_all_in "$1"
  ip netns del "$1" 2>/dev/null || true
}
