/**
 * Verbs that each leave one rule of the protocol out, as somebody would write them who does not know why it is there.
 * The model and the simulation put them in the place of the right ones, and must find the fault.
 */
import type { FinishTo } from '../../src/queue/finish-job.js';
import { type JournalLine, formatJournalLine } from '../../src/queue/journal.js';
import type { Resting } from '../../src/queue/lay-to-rest.js';
import type { Badge, CrewId, Layout } from '../../src/queue/layout.js';
import { withFailure } from '../../src/queue/entry-name.js';
import { type ReturnedEntry, returnEntries } from '../../src/queue/return-entries.js';
import { type Steps, append, create, list, mkdir, rename, rmdir, unlink } from '../../src/queue/steps.js';
import { queueVerbs } from './verbs.js';

export type FinishLine = Omit<Extract<JournalLine, { event: 'finish' }>, 'event' | 'to'>;

/** Rises again in a pod that nobody knows to be void. */
export function* beatThatCreates(layout: Layout, crew: CrewId): Steps<'beaten'> {
  yield* mkdir(layout.pod(crew).directory);
  yield* create(layout.pod(crew).heartbeat, '\n');
  return 'beaten';
}

export function* beatBlindly(layout: Layout): Steps<'beaten'> {
  yield* list(layout.root);
  return 'beaten';
}

export function* sweepBlindly(layout: Layout, crew: CrewId): Steps<readonly string[]> {
  return (yield* list(layout.pod(crew).directory)) ?? [];
}

export function* announceBlindly(layout: Layout, badge: Badge): Steps<'announced'> {
  yield* rename(layout.pod(badge.crew).badge(badge), layout.announced(badge));
  return 'announced';
}

/** Leaves a badge on offer whose pod is gone. */
export function* claimBlindly(layout: Layout, badge: Badge): Steps<'claimed' | 'taken'> {
  const status = yield* rename(layout.announced(badge), layout.pod(badge.crew).badge(badge));
  return status === 'ok' ? 'claimed' : 'taken';
}

export function* startBlindly(layout: Layout, crew: CrewId, entry: string): Steps<'started' | 'recalled'> {
  const pod = layout.pod(crew);
  return (yield* rename(pod.entry(entry), pod.runningEntry(entry))) === 'ok' ? 'started' : 'recalled';
}

/** Where a finished execution's entry goes. */
export function targetPath(layout: Layout, target: FinishTo, entry: string): string {
  if (target.to !== 'queue') return layout.finished(target.to, entry);
  return layout.queued(target.raise === undefined ? entry : withFailure(entry, target.raise));
}

export function noteFinish(layout: Layout, crew: CrewId, target: FinishTo, line: FinishLine): Steps<unknown> {
  const text = formatJournalLine({ event: 'finish', to: target.to, ...line });
  return append(layout.journalOf(crew), text);
}

/** A crash between the two leaves an outcome without a line. */
export function* finishThenWrite(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: FinishLine,
): Steps<'committed' | 'void'> {
  const moved = yield* rename(
    layout.pod(crew).runningEntry(line.entry),
    targetPath(layout, target, line.entry),
  );
  yield* noteFinish(layout, crew, target, line);
  return moved === 'ok' ? 'committed' : 'void';
}

/** Takes a missing name for a void outcome, and says so in the journal. */
export function* finishBlindly(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: FinishLine,
): Steps<'committed' | 'void'> {
  yield* noteFinish(layout, crew, target, line);
  const from = layout.pod(crew).runningEntry(line.entry);
  if ((yield* rename(from, targetPath(layout, target, line.entry))) === 'ok') return 'committed';
  yield* noteFinish(layout, crew, target, line);
  return 'void';
}

/** Every line is made to look as if its name stood there: what a reader sees that does not look. */
export function* twoLines(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: FinishLine,
): Steps<'committed' | 'void' | 'fenced'> {
  const text = formatJournalLine({ event: 'finish', to: target.to, ...line });
  for (const name of (yield* list(layout.journal)) ?? []) yield* append(`${layout.journal}/${name}`, text);
  return yield* queueVerbs.finish(layout, crew, target, line);
}

/** What many would write: return what is seen, then remove the directory with all that is in it. */
export function* buryRecursively(
  layout: Layout,
  crew: CrewId,
  how: Resting,
): Steps<{ returned: ReturnedEntry[]; buried: boolean }> {
  const returned = yield* returnEntries(layout, crew, how);
  yield* removeAll(layout.fencedPod(crew).directory);
  return { returned, buried: true };
}

function* removeAll(directory: string): Steps<void> {
  for (const name of (yield* list(directory)) ?? []) {
    if ((yield* unlink(`${directory}/${name}`)) === 'missing') yield* removeAll(`${directory}/${name}`);
  }
  yield* rmdir(directory);
}
