# Not shared at all: one directory of this machine, mounted into each host. What fails here has nothing to do with the
# network.
# shellcheck disable=SC2034
servers=

fs_mount() {
  install -d -m 700 -o "$uid" -g "$uid" "$state/disks/home"
  as_root "$1" mount --bind "$state/disks/home" "$home"
}
