import { describeOutcome } from '../../job/outcome.js';
import { type HistoryLine, historyOf } from '../../queue/job-history.js';
import { crewOfJournal } from '../feed/journal-tail.js';
import { Breather } from '../feed/breather.js';
import type { JobSummary } from '../feed/job-index.js';
import type { Desk } from '../jobmgr-routes.js';
import type { FoundJob } from './find-job.js';

/** One execution. Times are ISO 8601; what is not known is null. */
export interface Attempt {
  readonly id: string;
  started: string | null;
  ended: string | null;
  crew: string | null;
  worker: number | null;
  outcome: string | null;
}

/** That are shown: of a job that is submitted again and again under one name there may be any number. */
const mostAttempts = 100;

/**
 * The executions of a job, oldest first: what the journals say of its name since its file was written, but for those that
 * led to another outcome that still stands. So a job that was retried has its former tries, and one that was submitted
 * anew under an old name has not.
 */
export async function attemptsOf(
  { served, index }: Pick<Desk, 'served' | 'index'>,
  { summary, place }: FoundJob,
): Promise<Attempt[]> {
  const breather = new Breather(served.clock);
  const lines: HistoryLine[] = [];
  const written = served.files.changedAt(place.path);
  for (const some of historyOf(served.files, served.layout, summary.name, written)) {
    lines.push(...some);
    await breather.breathe();
  }
  const attempts = gather(lines).filter(({ started, ended }) => started !== null || ended !== null);
  const isOthers = ({ id }: Attempt): boolean => id !== summary.id && isOutcome(index.find(id), id);
  const from =
    attempts.findLastIndex((attempt, at) => isOthers(attempt) && at < endOf(attempts, summary)) + 1;
  return attempts
    .slice(from, endOf(attempts, summary))
    .slice(-mostAttempts)
    .map((attempt) => settle(attempt, summary));
}

/** Behind the attempt that led to this outcome; of a job that has none all belong to it. */
function endOf(attempts: readonly Attempt[], { id, state }: JobSummary): number {
  const own = attempts.findIndex((attempt) => attempt.id === id);
  return own < 0 || (state !== 'done' && state !== 'failed') ? attempts.length : own + 1;
}

function isOutcome(summary: JobSummary | undefined, id: string): boolean {
  return summary?.id === id && (summary.state === 'done' || summary.state === 'failed');
}

/** By entry, in the order in which they began. */
function gather(lines: readonly HistoryLine[]): Attempt[] {
  const attempts = new Map<string, Attempt>();
  for (const line of lines) {
    const known = attempts.get(line.entry);
    const attempt = known ?? {
      ...{ id: line.entry, started: null, ended: null, crew: null, worker: null, outcome: null },
    };
    if (known === undefined) attempts.set(line.entry, attempt);
    if (line.event !== 'verdict') {
      attempt.crew = crewOfJournal(line.journal) ?? null;
      attempt.worker = line.worker === 0 ? null : line.worker;
    }
    if (line.event === 'start') attempt.started = line.time;
    else {
      attempt.ended = line.time;
      attempt.outcome = describeOutcome(line.outcome);
    }
  }
  return [...attempts.values()].sort((a, b) => compare(timeOf(a), timeOf(b)));
}

function timeOf({ started, ended }: Attempt): string {
  return started ?? ended ?? '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One without an end, of a job that is elsewhere by now, went with its crew. */
function settle(attempt: Attempt, { id, state }: JobSummary): Attempt {
  const { ended, crew } = attempt;
  const isUnderWay = attempt.id === id && state !== 'waiting';
  if (ended !== null || isUnderWay) return attempt;
  return { ...attempt, outcome: describeOutcome({ kind: 'lost', crew: crew ?? '' }) };
}
