import { Random } from './random.js';

/** What a fault hits: one process of a host, the host itself, or the file server. */
export type Target = 'crew' | 'starter' | 'dispatcher' | 'tmux' | 'job';

export type FaultKind = `kill ${Target}` | `stop ${Target}` | 'cut' | 'pause' | 'reboot';

export interface Fault {
  /** Seconds after the beginning. */
  readonly at: number;
  readonly kind: FaultKind;
  /** `h1` …, or `fs` for the file server. */
  readonly host: string;
  /** Until it is undone: continued, healed, booted, or hired again. */
  readonly seconds: number;
  /** Which of several such processes, as a share of their number. */
  readonly which: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly hosts: readonly string[];
  /** In which all faults begin. */
  readonly seconds: number;
  /** Seconds of the crews' lease. */
  readonly lease: number;
  /** Without one there is none to stop. */
  readonly hasServer: boolean;
}

const weights: Readonly<Record<FaultKind, number>> = {
  'kill crew': 4,
  'kill starter': 3,
  'kill dispatcher': 4,
  'kill tmux': 2,
  'kill job': 4,
  'stop crew': 4,
  'stop starter': 2,
  'stop dispatcher': 3,
  'stop tmux': 1,
  'stop job': 2,
  cut: 4,
  pause: 3,
  reboot: 2,
};

/** Seconds between the end of a host's fault and its next. */
const [shortestRest, longestRest] = [1, 9];
/** Seconds between two faults of the file server: while it is away, nothing else can be seen. */
const [shortestPeace, longestPeace] = [25, 70];

/**
 * The faults of one seed, and nothing but the seed: each host has one at a time, hosts and the file server go their own
 * ways.
 */
export function makePlan(options: PlanOptions): Fault[] {
  const random = new Random(options.seed);
  const server = options.hasServer ? serverFaults(random, options) : [];
  const faults = options.hosts.flatMap((host) => hostFaults(random, host, server, options));
  return [...server, ...faults].sort((a, b) => a.at - b.at);
}

function serverFaults(random: Random, { seconds, lease }: PlanOptions): Fault[] {
  const faults: Fault[] = [];
  for (let at = random.between(8, longestPeace); at < seconds;) {
    const kind = random.pick(['pause', 'cut'] as const);
    const fault = { at: round(at), kind, host: 'fs', seconds: duration(random, lease), which: 0 };
    faults.push(fault);
    at += fault.seconds + random.between(shortestPeace, longestPeace);
  }
  return faults;
}

function hostFaults(
  random: Random,
  host: string,
  server: readonly Fault[],
  { seconds, lease }: PlanOptions,
): Fault[] {
  const faults: Fault[] = [];
  for (let at = random.between(2, longestRest); at < seconds;) {
    const kind = random.weighted(weights);
    const lasts = kind.startsWith('kill') || kind === 'reboot' ? random.between(0.5, 9) : undefined;
    const fault = {
      at: round(at),
      kind,
      host,
      seconds: lasts ?? longestFor(kind, duration(random, lease), lease),
      which: random.between(0, 0.9),
    };
    // A host cannot boot while the server of its home is away.
    if (kind === 'reboot' && server.some((other) => overlap(fault, other))) continue;
    faults.push(fault);
    at += fault.seconds + random.between(shortestRest, longestRest);
  }
  return faults;
}

/** Shorter than the lease, or longer. */
function duration(random: Random, lease: number): number {
  return random.next() < 0.5
    ? random.between(lease * 0.15, lease * 0.7)
    : random.between(lease * 1.3, lease * 2.5);
}

/**
 * A host that stands still takes the guardians of its jobs along. What their jobs hold is given to others one lease
 * after they were fenced: nobody can promise more.
 */
function longestFor(kind: FaultKind, seconds: number, lease: number): number {
  return kind === 'pause' ? Math.min(seconds, lease * 1.8) : seconds;
}

function overlap(a: Fault, b: Fault): boolean {
  const margin = 15;
  return a.at < b.at + b.seconds + margin && b.at < a.at + a.seconds + margin;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

export function describeFault({ at, kind, host, seconds }: Fault): string {
  return `${at.toFixed(1).padStart(6)}  ${kind.padEnd(15)}  ${host}  ${seconds} s`;
}
