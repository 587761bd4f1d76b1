# sshfs that believes for a minute what it saw once, as many a cluster's NFS is set up to do.
SSHFS_OPTS=${SSHFS_OPTS:-dcache_timeout=60,attr_timeout=60,entry_timeout=60,negative_timeout=60}
. "$here/fs/sshfs.sh"
