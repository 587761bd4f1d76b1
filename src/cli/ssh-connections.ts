import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

/** Bytes of a socket's path, less what ssh puts behind it and the names that we give. */
const longestDirectory = 108 - 18 - 16;
/** Milliseconds that closing a connection may take. */
const patience = 2000;

/** A directory that nobody else can look into, with a path short enough for sockets. */
export function makeSocketDirectory(): string {
  const directory =
    Buffer.byteLength(tmpdir()) + '/fjr-ssh-XXXXXX'.length <= longestDirectory ? tmpdir() : '/tmp';
  return mkdtempSync(`${directory}/fjr-ssh-`);
}

/** Ends the connections whose sockets lie there: they would stay for some seconds. */
export async function closeConnections(directory: string): Promise<void> {
  const sockets = readdirSync(directory).filter((name) => /^\d+\.\d+$/.test(name));
  const close = async (name: string): Promise<void> => {
    const argv = ['-F', 'none', '-o', `ControlPath=${directory}/${name}`, '-O', 'exit', 'host'];
    // One that has ended by itself is closed, too.
    await promisify(execFile)('ssh', argv, { timeout: patience }).catch(() => undefined);
  };
  await Promise.all(sockets.map(close));
  rmSync(directory, { recursive: true, force: true });
}
