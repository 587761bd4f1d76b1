# sshfs: the hosts mount the home of `fs` through sftp. SSHFS_OPTS: more options, separated by commas.
# shellcheck disable=SC2034
needs=(sshfs:sshfs fusermount3:fuse3)

fs_serve() {
  install -d -m 700 -o "$uid" -g "$uid" "$state/disks/fs/home"
  as_root fs mount --bind /run/disk/home "$home"
}

fs_mount() {
  local keep=reconnect,ServerAliveInterval=5,ServerAliveCountMax=3
  as_root "$1" sshfs "$user@fs:$home" "$home" \
    -o "IdentityFile=/run/cluster/id,allow_other,default_permissions,$keep${SSHFS_OPTS:+,$SSHFS_OPTS}"
}
