import { parseEntryName, withToken } from '../../src/queue/entry-name.js';
import type { Assigned } from '../../src/queue/assign-job.js';
import { parseBadge, type Badge, type CrewId, type Layout } from '../../src/queue/layout.js';
import type { FinishTo } from '../../src/queue/finish-job.js';
import { podAnswers } from '../../src/queue/pod-answers.js';
import { type Steps, list, read, rename } from '../../src/queue/steps.js';
import type { watchLease } from '../../src/dispatcher/lease-watch.js';
import type { Token } from '../../src/queue/token.js';
import { type QueueVerbs, queueVerbs } from '../model/verbs.js';
import * as wrong from '../model/wrong-verbs.js';
import type { Habits } from './acting.js';
import { right } from './habits.js';
import type { Setup } from './setup.js';

/** A rule of the protocol left out, and what must be found then. */
export interface Mutant {
  readonly rule: string;
  readonly habits: Habits;
  readonly fault: RegExp;
  readonly limits?: Partial<Setup>;
}

function withVerbs(verbs: Partial<QueueVerbs>): Habits {
  return { ...right, verbs: { ...queueVerbs, ...verbs } };
}

const leftBehind = /is left|still waits|not on offer|the pool holds/;

/** The rules that PROTOCOL.md says cannot be left out, and others that the code follows. */
export const mutants: readonly Mutant[] = [
  {
    rule: 'tokens are made new at each assignment',
    habits: { ...right, token: () => '0000000000' as Token },
    fault: /which is there|was started twice/,
  },
  {
    rule: 'a heartbeat is never created anew',
    habits: withVerbs({ beat: wrong.beatThatCreates }),
    fault: /is left behind|which is there/,
  },
  {
    rule: 'a crew that cannot announce looks whether its pod answers',
    habits: withVerbs({
      announce: wrong.announceBlindly,
      sweep: wrong.sweepBlindly,
      beat: wrong.beatBlindly,
    }),
    fault: leftBehind,
  },
  {
    rule: 'a badge whose pod is gone is removed',
    habits: withVerbs({ claim: wrong.claimBlindly }),
    fault: /the badge .* is left behind/,
  },
  {
    rule: 'a start that finds nothing looks for its own token',
    habits: { ...withVerbs({ start: wrong.startBlindly }), giveBackStray: false },
    fault: leftBehind,
  },
  {
    rule: "the journal's line comes before the rename",
    habits: withVerbs({ finish: wrong.finishThenWrite }),
    fault: /with 0 outcomes in the journals/,
  },
  {
    rule: 'a line counts only if its name stands there',
    habits: { ...right, everyLineCounts: true },
    fault: /is said to be .*, and never was/,
    limits: { whims: 0 },
  },
  {
    rule: 'a finish that finds nothing looks for its own token',
    habits: withVerbs({ finish: wrong.finishBlindly }),
    fault: /a crew was told that its .* is void/,
  },
  {
    rule: 'every dispatcher returns what every fenced pod holds, on every pass',
    habits: { ...right, restAll: false },
    fault: leftBehind,
  },
  {
    rule: 'a pod is never buried recursively',
    habits: withVerbs({ rest: wrong.buryRecursively }),
    fault: /is in no place/,
    limits: { dispatchers: 2, crews: 1, workers: 1, late: 0, whims: 0, strangers: 0 },
  },
  {
    rule: 'a claimed worker without work is announced again',
    habits: { ...right, reannounce: false },
    fault: leftBehind,
  },
  {
    rule: 'who slept, or whose looks failed or were slow, begins looking anew',
    habits: { ...right, watchLease: watchWithoutDoubt },
    fault: /was fenced that lives/,
  },
  {
    rule: 'an assignment that finds nothing looks whether its entry has started, too',
    habits: withVerbs({ assign: assignAndLookInPod }),
    fault: /was taken from a job that uses it/,
    limits: { early: 4, late: 0, whims: 0, strangers: 0, crews: 1, items: 2 },
  },
  {
    rule: 'items of a fenced pod go home only when the jobs that used them are dead',
    habits: { ...right, waitForDeath: false },
    fault: /was taken from a job that uses it/,
  },
  {
    rule: 'listings are made fresh',
    habits: { ...right, freshen: false },
    fault: /is void|which is there|is left|still waits/,
  },
  {
    rule: 'no name is asked for to learn whether a reply was lost',
    habits: withVerbs({ finish: finishAndAsk }),
    fault: /is void/,
  },
];

/** What an older system did. */
export const historical: readonly Mutant[] = [
  {
    rule: 'a job is paired with a worker by a rename onto a name that the worker has, without a token',
    habits: { ...withVerbs({ assign: assignToSlot, finish: finishFromSlot }), workAhead: false },
    fault: /rename .* onto .*, which is there/,
    limits: { workers: 1 },
  },
  {
    rule: 'job1 is taken for job10: a job is looked for by how its name begins',
    habits: withVerbs({ finish: finishByPrefix }),
    fault: /a crew was told that .* is done, and it is not/,
    limits: { crews: 2, workers: 2, early: 4, late: 0, whims: 0, strangers: 0 },
  },
  {
    rule: 'worker 1 is taken for worker 10: a badge is looked for by how its name begins',
    habits: withVerbs({ claim: claimByPrefix }),
    fault: /which is there|not on offer/,
    limits: { workers: 10, crews: 1 },
  },
];

/** Believes a heartbeat that it saw long ago and sees again to have stood still in between. */
function watchWithoutDoubt(
  ...[watch, look, lease]: Parameters<typeof watchLease>
): ReturnType<typeof watchLease> {
  if (look.content === undefined || watch?.content !== look.content)
    return {
      watch: { content: look.content ?? '', since: look.answered, last: look.answered, looks: 1 },
      stale: false,
    };
  return { watch, stale: look.asked - watch.since >= lease * 1000 };
}

/** A crew may have started the entry before its dispatcher looks. */
function* assignAndLookInPod(layout: Layout, name: string, token: Token, crew: CrewId): Steps<Assigned> {
  const entry = withToken(name, token);
  const pod = layout.pod(crew);
  if ((yield* rename(layout.queued(name), pod.entry(entry))) === 'ok') return { kind: 'assigned', entry };
  const names = yield* list(pod.directory);
  if (names === undefined) return { kind: 'pod-gone' };
  return names.includes(entry) ? { kind: 'assigned', entry } : { kind: 'job-gone' };
}

/** Asks for the name, which one's own host remembers as missing. */
function* finishAndAsk(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: wrong.FinishLine,
): Steps<'committed' | 'void' | 'fenced'> {
  yield* wrong.noteFinish(layout, crew, target, line);
  const path = wrong.targetPath(layout, target, line.entry);
  if ((yield* rename(layout.pod(crew).runningEntry(line.entry), path)) === 'ok') return 'committed';
  if ((yield* read(path)) !== undefined) return 'committed';
  return (yield* podAnswers(layout, crew)) ? 'void' : 'fenced';
}

function* finishByPrefix(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: wrong.FinishLine,
): Steps<'committed' | 'void' | 'fenced'> {
  yield* wrong.noteFinish(layout, crew, target, line);
  const path = wrong.targetPath(layout, target, line.entry);
  if ((yield* rename(layout.pod(crew).runningEntry(line.entry), path)) === 'ok') return 'committed';
  const { job } = parseEntryName(line.entry);
  const finished = target.to === 'queue' ? [] : ((yield* list(layout[target.to])) ?? []);
  if (finished.some((name) => name.startsWith(job))) return 'committed';
  return (yield* podAnswers(layout, crew)) ? 'void' : 'fenced';
}

function* claimByPrefix(layout: Layout, badge: Badge): Steps<'claimed' | 'taken' | 'pod-gone'> {
  const offered = (yield* list(layout.workerqueue)) ?? [];
  const name = offered.find((one) => one.startsWith(`${badge.crew}.${badge.worker}`));
  const found = name === undefined ? undefined : parseBadge(name);
  if (found === undefined) return 'taken';
  if ((yield* rename(layout.announced(found), layout.pod(badge.crew).badge(badge))) === 'ok')
    return 'claimed';
  return yield* queueVerbs.claim(layout, badge);
}

/** The worker's place for a job, whichever it is. */
function* assignToSlot(layout: Layout, name: string, _token: Token, crew: CrewId): Steps<Assigned> {
  const entry = `${crew}.job`;
  const pod = layout.pod(crew);
  if ((yield* rename(layout.queued(name), pod.entry(entry))) === 'ok') return { kind: 'assigned', entry };
  return { kind: (yield* podAnswers(layout, crew)) ? 'job-gone' : 'pod-gone' };
}

/** What is done gets its own name back, which its content tells. */
function* finishFromSlot(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: wrong.FinishLine,
): Steps<'committed' | 'void'> {
  const from = layout.pod(crew).runningEntry(line.entry);
  const content = Buffer.from((yield* read(from)) ?? '').toString();
  const [, number = '', , job = ''] = content.split(' ');
  const entry = withToken(job, number as Token);
  yield* wrong.noteFinish(layout, crew, target, { ...line, entry });
  return (yield* rename(from, wrong.targetPath(layout, target, entry))) === 'ok' ? 'committed' : 'void';
}
