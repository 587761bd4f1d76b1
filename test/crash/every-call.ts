import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Background } from '../rig/background.js';
import { isStopped } from '../rig/processes.js';
import type { ProjectFiles } from '../rig/project-files.js';
import { Rig } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';
import { faultsAtTheEnd, faultsOfPlaces } from './invariants.js';

/** One actor among others, and what becomes of their work. */
export interface Scenario {
  /** Puts jobs and whoever else takes part in place. `victim`: what makes a program one that is killed. */
  readonly begin: (rig: Rig, victim: Victim) => Stage | Promise<Stage>;
  /** Each job, and where it may end. */
  readonly jobs: Readonly<Record<string, readonly ('done' | 'failed')[]>>;
  /** What else is wrong at the end. */
  readonly check?: (project: ProjectFiles) => string[];
  /** Jobs of these may not have been submitted when the actor dies. */
  readonly submits?: boolean;
}

export interface Victim {
  readonly env: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly victim: Background;
  /** Those who go on: they stand still while the test looks. */
  readonly others: readonly Background[];
  /** Starts the actor again, and whoever else is needed to do all the work that is left. */
  readonly recover: () => Promise<void>;
}

export interface Tried {
  readonly points: number;
  readonly faults: readonly string[];
}

const killAfter = fileURLToPath(new URL('kill-after.mjs', import.meta.url));

/** What lets a program die after its n-th change; the file `note` then says which that was. */
export function killedAfter(n: number, note: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${killAfter}`,
    FJR_CRASH_AFTER: String(n),
    FJR_CRASH_NOTE: note,
  };
}

/** Rounds at once. */
const atOnce = 2;

/**
 * Lets an actor die after its first call, in the next round after its second, and so on until it ends unharmed.
 */
export async function crashAtEveryCall(scenario: Scenario): Promise<Tried> {
  const faults: string[] = [];
  let points = 0;
  let next = 1;
  let survived = false;
  const lane = async (): Promise<void> => {
    while (!survived) {
      const n = next++;
      const round = await playRound(scenario, n);
      if (round.call === undefined) survived = true;
      else points += 1;
      faults.push(...round.faults.map((fault) => `${n}: ${round.call ?? 'it ended unharmed'}: ${fault}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { points, faults };
}

interface Round {
  /** The call after which the actor was killed; undefined: it was not. */
  readonly call: string | undefined;
  readonly faults: readonly string[];
}

async function playRound(scenario: Scenario, n: number): Promise<Round> {
  const rig = new Rig();
  const note = `${rig.directory}/last-call`;
  const env = killedAfter(n, note);
  const faults: string[] = [];
  const callNoted = (): string | undefined => (existsSync(note) ? readFileSync(note, 'utf8') : undefined);
  try {
    const stage = await scenario.begin(rig, { env });
    await stage.victim.ends();
    if (callNoted() !== undefined) faults.push(...(await lookAtOnce(rig.project(), scenario, stage.others)));
    await stage.recover();
    faults.push(...faultsAtTheEnd(rig.project(), scenario.jobs), ...(scenario.check?.(rig.project()) ?? []));
    if (faults.length > 0) faults.push(rig.describe());
  } catch (error) {
    faults.push(String(error), rig.describe());
  }
  const call = callNoted();
  await rig.dispose(faults.length > 0).catch((error: unknown) => faults.push(String(error)));
  return { call, faults };
}

/** How things lie right after the crash, while all others hold their breath. */
async function lookAtOnce(
  project: ProjectFiles,
  scenario: Scenario,
  others: readonly Background[],
): Promise<string[]> {
  const living = others.filter(({ exit }) => exit === undefined);
  for (const other of living) other.signal('SIGSTOP');
  await waitUntil(
    'the others stand still',
    () => living.filter(({ exit, pid }) => exit === undefined && !isStopped(pid)).map(({ name }) => name),
    (moving) => moving.length === 0,
  );
  const all = Object.keys(scenario.jobs);
  const faults = faultsOfPlaces(project, all).filter(
    (fault) => scenario.submits !== true || !fault.includes(' is in 0 places'),
  );
  for (const other of living) other.signal('SIGCONT');
  return faults.map((fault) => `right after it, ${fault}`);
}
