import { readFileSync, readdirSync, readlinkSync, statfsSync } from 'node:fs';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { dirname } from 'node:path';

/** Tells a process for certain: not another one with the same number, on another host or after a reboot. */
export interface ProcessIdentity {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** Clock ticks from boot to the process's start; '' where the system does not tell. */
  readonly started: string;
}

/** `elsewhere`: not for us to judge. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

export interface Host {
  readonly name: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  identify(pid: number): ProcessIdentity;
  judge(identity: ProcessIdentity): Liveness;
  /** Processes on this host that have `name=value` in their environment; own processes only. */
  withEnvironment(name: string, value: string): number[];
  /** Whether a directory lies on a filesystem that other hosts may change, too. */
  isShared(directory: string): boolean;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Magic numbers of statfs(2) for filesystems with a server: NFS, FUSE (sshfs, GlusterFS …), SMB, Ceph, Lustre, AFS, 9p. */
const sharedMagic = new Set([
  0x6969, 0x65735546, 0x517b, 0xff534d42, 0xfe534d42, 0x00c36400, 0x0bd00bd0, 0x5346414f, 0x01021997,
  0x47504653, 0x19830326,
]);

/** Whether other hosts may change a filesystem of this type, too; the type as statfs(2) tells it. */
export function isSharedType(type: number): boolean {
  return sharedMagic.has(type >>> 0);
}

export class LinuxHost implements Host {
  readonly name = hostname();
  readonly cpus = availableParallelism();
  readonly memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  readonly #bootId = readText('/proc/sys/kernel/random/boot_id').trim();
  readonly #pidNamespace = pidNamespace();

  identify(pid: number): ProcessIdentity {
    return {
      host: this.name,
      bootId: this.#bootId,
      pidNamespace: this.#pidNamespace,
      pid,
      started: startTime(pid) ?? '',
    };
  }

  judge(identity: ProcessIdentity): Liveness {
    // Another boot id may also be another machine of the same name: only the lease can judge that crew.
    const { host, bootId, pidNamespace } = identity;
    if (host !== this.name || this.#bootId === '' || bootId !== this.#bootId) return 'elsewhere';
    if (pidNamespace !== this.#pidNamespace) return 'elsewhere';
    return startTime(identity.pid) === identity.started ? 'alive' : 'dead';
  }

  withEnvironment(name: string, value: string): number[] {
    const wanted = `\0${name}=${value}\0`;
    return processIds().filter((pid) => `\0${readText(`/proc/${pid}/environ`)}\0`.includes(wanted));
  }

  isShared(directory: string): boolean {
    try {
      return isSharedType(statfsSync(directory).type);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isMissing && dirname(directory) !== directory) return this.isShared(dirname(directory));
      // A server that is away: a local disk does not answer like that.
      return true;
    }
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat; undefined: no such process, or it is a zombie. */
function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The command name may hold spaces and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
