/** What to do about an error number of the filesystem. */
export const filesystemHints: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'your disk quota is used up: free some space',
  EACCES: 'check the permissions of the project directory',
  EROFS: 'the filesystem is read-only here',
};
