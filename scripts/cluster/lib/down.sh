# `cluster down`. Sourced by `cluster`.

# By the names of network namespaces and not by what `up` has noted: an `up` that failed half-way noted less.
cluster_down() {
  local namespace
  for namespace in $(ip netns list | cut -d ' ' -f 1 | grep -E "^${prefix//./\\.}-(switch|fs|h[0-9]+)$"); do
    kill_all_in "$namespace"
    ip netns del "$namespace" 2>/dev/null || true
  done
  # Mounts were made in the hosts' own mount namespaces only, and have gone with them.
  [ ! -e "$state/config" ] || rm -rf --one-file-system "$state"
}
