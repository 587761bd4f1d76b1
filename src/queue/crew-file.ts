import type { CrewId } from './layout.js';

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
  readonly session: { readonly kind: 'tmux' | 'screen' | 'none'; readonly name: string };
  readonly born: string;
}

/** Undefined for what is torn, foreign or of a later format. */
export function parseCrewFile(bytes: Uint8Array): CrewFile | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<CrewFile>;
    return value.format === 1 && isCrewFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCrewFile(value: Partial<CrewFile>): value is CrewFile {
  const { lease, workers, cpus, memory, gpus, pid, host, session } = value;
  return (
    [lease, workers, cpus, memory, gpus, pid].every((number) => typeof number === 'number') &&
    typeof host === 'string' &&
    ['tmux', 'screen', 'none'].includes(session?.kind ?? '') &&
    typeof session?.name === 'string'
  );
}

/** `heartbeat`: new content at each beat. `running`: worker number → entry, for people who look. */
export interface Heartbeat {
  readonly beat: number;
  readonly running: Readonly<Record<string, string>>;
}

export function formatHeartbeat(heartbeat: Heartbeat): string {
  return `${JSON.stringify(heartbeat)}\n`;
}

export function parseHeartbeat(bytes: Uint8Array): Heartbeat | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Heartbeat>;
    const { beat, running } = value;
    return typeof beat === 'number' && typeof running === 'object' ? { beat, running } : undefined;
  } catch {
    return undefined;
  }
}
