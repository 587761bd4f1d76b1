import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { JournalLine } from '../../src/queue/journal.js';
import { jobOf } from '../rig/project-files.js';
import {
  type Execution,
  type LedgerLine,
  type Submitted,
  executionsOf,
  readLedger,
  readSubmitted,
} from './ledger.js';
import type { Submission } from './submissions.js';

export type Verdict = 'done' | 'failed';

/** A file in `done` or `failed`. */
export interface Accepted {
  readonly entry: string;
  readonly to: Verdict;
  /** Undefined for what nobody knows. */
  readonly submission: Submission | undefined;
  readonly token: string;
}

export type Noted = JournalLine & { readonly writer: string };
export type Ending = Extract<Noted, { event: 'finish' | 'verdict' }>;

/** All that is left when everything has ended: what the project holds, and what the jobs themselves noted. */
export interface Evidence {
  readonly submissions: readonly Submission[];
  readonly submitted: readonly Submitted[];
  readonly accepted: readonly Accepted[];
  readonly journal: readonly Noted[];
  readonly ledger: readonly LedgerLine[];
  readonly executions: readonly Execution[];
  /** Paths below the project that should not be there. */
  readonly left: readonly string[];
  /** Items in the pool. */
  readonly items: readonly string[];
  /** Processes and sessions, once everybody was fired. */
  readonly processes: readonly string[];
  /** What programs printed. */
  readonly outputs: readonly string[];
}

export interface Places {
  /** The project's directory. */
  readonly project: string;
  readonly ledger: string;
}

export function gather(
  places: Places,
  submissions: readonly Submission[],
  processes: readonly string[],
  outputs: readonly string[],
): Evidence {
  const ledger = readLedger(places.ledger);
  return {
    submissions,
    submitted: readSubmitted(places.ledger),
    accepted: (['done', 'failed'] as const).flatMap((to) => acceptedIn(places.project, to, submissions)),
    journal: readJournals(`${places.project}/journal`),
    ledger,
    executions: executionsOf(ledger),
    left: leftIn(places.project),
    items: list(`${places.project}/resources/LICENCE`),
    processes,
    outputs,
  };
}

function acceptedIn(project: string, to: Verdict, submissions: readonly Submission[]): Accepted[] {
  const byId = new Map(submissions.map((submission) => [submission.id, submission]));
  const byName = new Map(
    submissions.filter(({ way }) => way === 'cp').map((submission) => [submission.name, submission]),
  );
  return list(`${project}/${to}`).map((entry) => {
    const [, id = ''] = /chaos-job (\S+) /.exec(read(`${project}/${to}/${entry}`)) ?? [];
    // A copy that was interrupted has no content.
    const submission = byId.get(id) ?? byName.get(jobOf(entry));
    return { entry, to, submission, token: tokenOf(entry) };
  });
}

/** `job1@k3f9q2m4n7+x2.conf` → `k3f9q2m4n7`. */
export function tokenOf(entry: string): string {
  return /@([0-9a-z]{10})(\+[a-z]\d+)*(\.[^.]*)?$/.exec(entry)?.[1] ?? '';
}

function readJournals(directory: string): Noted[] {
  return list(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      read(`${directory}/${name}`)
        .split('\n')
        .flatMap((line) => parse(line))
        .map((line) => ({ ...line, writer: name.replace(/\.jsonl$/, '') })),
    );
}

/** A line that its writer's death has torn counts for nothing. */
function parse(line: string): JournalLine[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as JournalLine];
  } catch {
    return [];
  }
}

/** Everything in places where nothing should be left. */
export function leftIn(project: string): string[] {
  const places = ['jobqueue', 'workerqueue', 'jobpods'].flatMap((place) =>
    list(`${project}/${place}`)
      // The drafts of submitters that were cut off: `fjr gc` removes them.
      .filter((name) => !name.startsWith('.submit-'))
      .map((name) => `${place}/${name}`),
  );
  const pods = places.filter((path) => path.startsWith('jobpods/'));
  const inside = pods.flatMap((pod) => tree(`${project}/${pod}`).map((path) => `${pod}/${path}`));
  const locks = list(project).filter((name) => name.includes('.lock'));
  const itemLocks = list(`${project}/resources/LICENCE`).filter((name) => name.endsWith('.lock'));
  return [...places, ...inside, ...locks, ...itemLocks.map((name) => `resources/LICENCE/${name}`)];
}

function tree(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true }).map(String);
  } catch {
    return [];
  }
}

export function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
