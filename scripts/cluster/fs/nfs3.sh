# NFS 3, with the Linux kernel's own client and server. Options as for nfs.
NFS_OPTS=${NFS_OPTS:-vers=3}
. "$here/fs/nfs.sh"
