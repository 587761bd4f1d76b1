// What a host asks of its file server, by kind. Each counter begins to count, and returns what ends that.
import { setTimeout as pause } from 'node:timers/promises';

/** The kernel's own count. */
async function nfsCalls(cluster, host) {
  const read = async () => {
    const text = await cluster.onAsRoot(host, 'cat /proc/self/mountstats');
    return Object.fromEntries(
      [...text.matchAll(/^\s+([A-Z_]+): (\d+) \d+ \d+/gm)].map(([, name, count]) => [name, +count]),
    );
  };
  const before = await read();
  return async () => {
    const after = Object.entries(await read());
    return Object.fromEntries(after.map(([name, count]) => [name, count - (before[name] ?? 0)]));
  };
}

/** Requests of sftp, each of which has its answer: what sshfs writes to its ssh, seen by strace. */
async function sftpRequests(cluster, host) {
  const trace = '/tmp/requests';
  const pid = (await cluster.onAsRoot(host, `pidof sshfs; touch ${trace}`)).trim();
  const filter = ['-f', '-qq', '-y', '-x', '-s', '5', '-e', 'trace=writev'];
  const tracer = cluster.startAsRoot(host, 'strace', ...filter, '-o', trace, '-p', pid);
  await cluster.processes.until(
    'sshfs is traced',
    async () => !(await cluster.onAsRoot(host, `grep TracerPid /proc/${pid}/status`)).endsWith('\t0\n'),
    { every: 50 },
  );
  return async () => {
    // What was asked just now may not be on record yet.
    await pause(100);
    await cluster.processes.stopGroup(tracer);
    const counts = {};
    // A packet begins with four bytes of length, then one of its kind.
    const text = await cluster.onAsRoot(host, `cat ${trace}; rm ${trace}`);
    for (const [, kind] of text.matchAll(/writev\(\d+<(?:socket|pipe):.*?"(?:\\x..){4}\\x(..)"/g)) {
      const name = sftpKinds[kind] ?? `kind ${kind}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
}

// prettier-ignore
const sftpKinds = {
  '03': 'OPEN', '04': 'CLOSE', '05': 'READ', '06': 'WRITE', '07': 'LSTAT', '08': 'FSTAT', '09': 'SETSTAT', '0a': 'FSETSTAT',
  '0b': 'OPENDIR', '0c': 'READDIR', '0d': 'REMOVE', '0e': 'MKDIR', '0f': 'RMDIR', '10': 'REALPATH', '11': 'STAT',
  '12': 'RENAME', '13': 'READLINK', '14': 'SYMLINK', 'c8': 'EXTENDED',
};

export const counters = { 'sshfs-stale': sftpRequests, nfs: nfsCalls };
