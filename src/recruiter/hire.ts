import { FjrError } from '../job/fjr-error.js';
import type { Layout } from '../queue/layout.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import type { Multiplexer } from '../system/multiplexer.js';
import { type CrewReport, isHere, reportCrews } from './crews-here.js';
import { sessionName } from './session-name.js';

export interface HireSystem {
  readonly files: Files;
  readonly host: Host;
  readonly multiplexer: Multiplexer;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** The command line of a crew, but for its session. */
  readonly crewArgv: (session: string) => readonly string[];
}

export type Hired =
  | { readonly kind: 'hired'; readonly crew: CrewReport }
  /** Somebody works here already; nobody is hired twice. */
  | { readonly kind: 'already'; readonly crew: CrewReport };

/** Milliseconds in which a crew must be born. */
const birthTime = 20_000;
const lookEvery = 20;

/** Starts one crew of a project on this host, in a session of its own, and waits until it is born. */
export async function hire(
  system: HireSystem,
  layout: Layout,
  project: string,
  directory: string,
): Promise<Hired> {
  const { files, host, multiplexer } = system;
  // A batch system's crew on this host is another matter: it goes when its time is over.
  const before = reportCrews(files, host, layout).filter(
    (report) => isHere(report) && report.file.session.kind !== 'slurm',
  );
  const alive = before.find(({ liveness }) => liveness === 'alive');
  if (alive !== undefined) return { kind: 'already', crew: alive };
  const name = sessionName(project, layout.root, host.name);
  const logFile = logFileOf(layout, host.name);
  await multiplexer.start({ name, argv: system.crewArgv(`${multiplexer.kind}:${name}`), directory, logFile });
  const known = new Set(before.map(({ crew }) => crew));
  for (let waited = 0; waited < birthTime; waited += lookEvery) {
    const born = reportCrews(files, host, layout).find((report) => isHere(report) && !known.has(report.crew));
    if (born !== undefined) return { kind: 'hired', crew: born };
    await system.wait(lookEvery);
  }
  throw new FjrError('hire', `no crew was born in ${birthTime / 1000} s in the session ${name}`, {
    hint: `see what it says: ${multiplexer.attachCommand({ name, logFile })}, or start fjr-worker --project ${project} by hand`,
  });
}

/** Where a crew without a terminal prints. */
export function logFileOf(layout: Layout, host: string): string {
  return `${layout.journal}/crew-${host}.log`;
}
