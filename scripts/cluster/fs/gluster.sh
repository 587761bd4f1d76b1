# GlusterFS with one brick, mounted through FUSE. GLUSTER_OPTS: more mount options, separated by commas.
# shellcheck disable=SC2034
needs=(glusterd:glusterfs-server gluster:glusterfs-cli glusterfs:glusterfs-client)

# The daemon's own state lies on the host's disk: a server that boots again knows its volume.
fs_serve() {
  as_root fs sh -eu -c '
    mkdir -p /run/disk/brick /run/disk/state /run/disk/log
    mount --bind /run/disk/state /var/lib/glusterd
    mount --bind /run/disk/log /var/log/glusterfs
    glusterd --pid-file=/run/glusterd.pid'
  wait_for 20 as_root fs gluster volume list || die 'glusterd does not answer'
  as_root fs gluster volume info home >/dev/null 2>&1 || make_volume
}

make_volume() {
  as_root fs gluster --mode=script volume create home fs:/run/disk/brick/home force >/dev/null
  as_root fs gluster --mode=script volume start home >/dev/null
}

fs_mount() {
  as_root "$1" mount -t tmpfs tmpfs /var/log/glusterfs
  as_root "$1" mount -t glusterfs ${GLUSTER_OPTS:+-o "$GLUSTER_OPTS"} fs:/home "$home"
  as_root "$1" chown "$uid:$uid" "$home"
}
