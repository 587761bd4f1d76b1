import type { Remote } from '../job/capacity.js';
import type { GpuKind } from '../job/job.js';
import type { ProcessIdentity } from '../system/host.js';
import type { CrewId } from './layout.js';

/** What a crew runs in. `slurm`: the name is a job's id. `http`: it asks a server, with the token of this name. */
export interface Session {
  readonly kind: SessionKind;
  readonly name: string;
}

const sessionKinds = ['tmux', 'screen', 'none', 'slurm', 'http'] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** `KIND:NAME`, as it is written on a crew's command line. */
export function parseSession(text: string): Session | undefined {
  const [word = '', name = ''] = text.split(':', 2);
  const kind = sessionKinds.find((known) => known === word);
  return kind === undefined ? undefined : { kind, name };
}

/** `crew.json`: what a crew says of itself at birth; it never changes. */
export interface CrewFile {
  readonly format: 1;
  readonly id: CrewId;
  readonly version: string;
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** The process's start time in clock ticks since boot: with the pid it names one process for ever. */
  readonly started: string;
  readonly guardianPid: number;
  readonly guardianStarted: string;
  readonly workers: number;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  /** Seconds without a heartbeat after which the crew counts as dead; for its guardian and for dispatchers alike. */
  readonly lease: number;
  /** Where the crew's terminal is, to attach to. */
  readonly session: Session;
  /** Words that jobs may ask for. */
  readonly labels: readonly string[];
  /** One of its labels, without which a job is not for this crew; absent for most. */
  readonly only?: string | undefined;
  /** Where it hears hints, as `address:port`; empty where it hears none. */
  readonly hints: readonly string[];
  /** What its GPUs are; absent where nobody asked. */
  readonly gpu?: GpuKind | undefined;
  /** It shares nothing with the project: this server keeps its pod. */
  readonly remote?: (Remote & { readonly server?: ProcessIdentity }) | undefined;
  /** How many crews a job may lose that is lost with this one; absent: as many as usual. */
  readonly losses?: number | undefined;
  readonly born: string;
}

/** Undefined for what is torn, foreign or of a later format. */
export function parseCrewFile(bytes: Uint8Array): CrewFile | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<CrewFile>;
    return value.format === 1 && isCrewFile(value)
      ? { ...value, labels: value.labels ?? [], hints: value.hints ?? [] }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Fields that crews of earlier versions do not write. */
type Later = 'labels' | 'hints';

function isCrewFile(
  value: Partial<CrewFile>,
): value is Omit<CrewFile, Later> & Partial<Pick<CrewFile, Later>> {
  const { lease, workers, cpus, memory, gpus, pid, host, session } = value;
  return (
    [lease, workers, cpus, memory, gpus, pid].every((number) => typeof number === 'number') &&
    typeof host === 'string' &&
    sessionKinds.some((kind) => kind === session?.kind) &&
    typeof session?.name === 'string'
  );
}

/** `heartbeat`: new content at each beat. `running`: worker number → entry, for people who look. */
export interface Heartbeat {
  readonly beat: number;
  /** Seconds until the crew's time is over; absent for most. */
  readonly left?: number;
  /** It stops its jobs, and gives them back. */
  readonly leaving?: true;
  /** How far they are, where the crew's worker says so: entry → a word of its own. */
  readonly stages?: Readonly<Record<string, string>>;
  readonly running: Readonly<Record<string, string>>;
}

/**
 * Filled up to whole blocks, so that beats have one length: hosts that remember a file's size read it rightly, and the
 * file need not be cut each time.
 */
export function formatHeartbeat(heartbeat: Heartbeat): string {
  const text = JSON.stringify(heartbeat);
  return `${text.padEnd(Math.ceil((text.length + 1) / block) * block - 1)}\n`;
}

const block = 256;

export function parseHeartbeat(bytes: Uint8Array): Heartbeat | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Heartbeat>;
    const { beat, left, leaving, stages, running } = value;
    if (typeof beat !== 'number' || typeof running !== 'object') return undefined;
    return {
      beat,
      ...(typeof left === 'number' ? { left } : {}),
      ...(leaving === true ? { leaving } : {}),
      ...(typeof stages === 'object' ? { stages } : {}),
      running,
    };
  } catch {
    return undefined;
  }
}
