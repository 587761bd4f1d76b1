# NFS 4.2 with the Linux kernel's own client and server, each host a kernel of its own.
# NFS_OPTS: mount options, NFS_EXPORT: the server's options, separated by commas.
# shellcheck disable=SC2034
kind=uml
needs=(linux.uml:user-mode-linux mkfs.ext4:e2fsprogs modprobe:kmod mount.nfs:nfs-common rpc.statd:nfs-common
  rpc.nfsd:nfs-kernel-server exportfs:nfs-kernel-server rpcbind:rpcbind)
# See uml-xstate.c.
! grep -qw amx_tile /proc/cpuinfo || needs+=(gcc:gcc gcc:libc6-dev)
NFS_OPTS=${NFS_OPTS:-vers=4.2}

fs_prepare() {
  mkdir "$state/disks/fs"
  truncate -s 4G "$state/disks/fs/image"
  mkfs.ext4 -q -F -E root_owner="$uid:$uid" "$state/disks/fs/image"
  ! grep -qw amx_tile /proc/cpuinfo || gcc -O2 -shared -fPIC -o "$state/uml-xstate.so" "$here/uml-xstate.c" -ldl
}

# Short grace and lease times: a server that was booted again answers soon.
fs_serve() {
  as_root fs sh -eu -c '
    home=$1 export=$2
    modprobe -d /run/modules -a nfsd
    mount -t ext4 /dev/ubda "$home"
    mkdir -p /run/rpcbind /var/lib/nfs/v4recovery
    rpcbind -w
    mount -t nfsd nfsd /proc/fs/nfsd
    echo "$home *($export,fsid=0)" >/etc/exports
    rpc.statd --no-notify
    exportfs -ra
    echo 15 >/proc/fs/nfsd/nfsv4gracetime
    echo 15 >/proc/fs/nfsd/nfsv4leasetime
    rpc.nfsd 8
    # It complains that these kernels have no IPv6.
    rpc.mountd 2>/dev/null' sh "$home" "${NFS_EXPORT:-rw,sync,no_subtree_check,root_squash}"
}

# A server of version 4 shows its exports below a root, which here is the home itself.
fs_mount() {
  local source=fs:$home
  [[ ,$NFS_OPTS, != *,vers=4* ]] || source=fs:/
  as_root "$1" sh -eu -c '
    modprobe -d /run/modules -a nfs nfsv3 nfsv4
    mkdir -p /run/rpcbind
    rpcbind -w
    rpc.statd --no-notify
    mount -t nfs -o "$1" "$2" "$3"' sh "$NFS_OPTS" "$source" "$home"
}
