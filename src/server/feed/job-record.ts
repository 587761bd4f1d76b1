import { isIgnored, parseEntryName } from '../../queue/entry-name.js';
import { fanOutOf, fanOutSuffix } from '../../queue/fan-out-paths.js';
import type { CrewId } from '../../queue/layout.js';
import { type JobKind, type JobState, type JobSummary, jobStates } from './job-index.js';

/** What journals tell of an execution. Milliseconds since 1970, by the clocks of those who wrote them; 0: not known. */
export interface JobFacts {
  readonly changed: number;
  readonly started: number;
  readonly crew: CrewId | undefined;
  /** 0: none, or not known. */
  readonly worker: number;
  readonly outcome: string | undefined;
}

/**
 * A job in one state. There may be a million: about 250 bytes each, no closures, and what many have in common (crews,
 * outcomes) is shared. A change makes a new record; `gone` tells those who still hold the old one.
 */
export class JobRecord implements JobFacts {
  readonly id: string;
  readonly name: string;
  /** Which of `jobStates`. */
  readonly stateIndex: number;
  readonly changed: number;
  readonly started: number;
  readonly crew: CrewId | undefined;
  readonly worker: number;
  readonly outcome: string | undefined;
  gone = false;
  /** The last sweep that has seen it. */
  seen = 0;

  constructor(id: string, name: string, stateIndex: number, facts: JobFacts) {
    this.id = id;
    this.name = name;
    this.stateIndex = stateIndex;
    this.changed = facts.changed;
    this.started = facts.started;
    this.crew = facts.crew;
    this.worker = facts.worker;
    this.outcome = facts.outcome;
  }

  get state(): JobState {
    return jobStates[this.stateIndex] ?? 'waiting';
  }

  get kind(): JobKind {
    return kindOf(this.name);
  }

  get isLive(): boolean {
    return this.stateIndex < 3;
  }
}

export function kindOf(name: string): JobKind {
  return name.endsWith(fanOutSuffix) ? 'run' : 'job';
}

export function summarize(record: JobRecord, hostOf: (crew: CrewId) => string): JobSummary {
  const { id, name, kind, state, changed, started, crew, worker, outcome, isLive } = record;
  return {
    ...{ id, name, kind, state },
    changed: iso(changed),
    started: started === 0 ? undefined : iso(started),
    ended: isLive ? undefined : iso(changed),
    crew,
    host: crew === undefined ? undefined : hostOf(crew),
    worker: worker === 0 ? undefined : worker,
    outcome,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Whether a file of this name is a job, where jobs are: what is hidden is none, nor is a slice of a fan-out job. */
export function isJob(name: string): boolean {
  return !isIgnored(name) && fanOutOf(parseEntryName(name).job)?.endsWith(fanOutSuffix) !== true;
}
