/** What to do about an error number of the filesystem. */
export const filesystemHints: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'your disk quota is used up: free some space',
  EACCES: 'check the permissions of the project directory',
  EROFS: 'the filesystem is read-only here',
  EIO: 'the file server does not answer, or the disk is broken',
  ENOTCONN: 'the connection to the file server is cut',
  ESTALE: 'the file server has forgotten the file: is it another than before?',
  EMFILE: 'raise the limit of open files (ulimit -n)',
};
