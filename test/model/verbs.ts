import { announceWorker } from '../../src/queue/announce-worker.js';
import { assignJob } from '../../src/queue/assign-job.js';
import { beat } from '../../src/queue/beat.js';
import { claimWorker } from '../../src/queue/claim-worker.js';
import { fenceCrew } from '../../src/queue/fence-crew.js';
import { finishJob } from '../../src/queue/finish-job.js';
import { type Badge, type CrewId, Layout } from '../../src/queue/layout.js';
import { layToRest } from '../../src/queue/lay-to-rest.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import { startJob } from '../../src/queue/start-job.js';
import { list, type Steps } from '../../src/queue/steps.js';
import type { Token } from '../../src/queue/token.js';

export const layout = new Layout('/p');

/** A crew's look into its own pod; undefined: it is fenced. */
function* sweep(project: Layout, crew: CrewId): Steps<readonly string[] | undefined> {
  return yield* list(project.pod(crew).directory);
}

/** The protocol's own verbs. To take a rule of the protocol out, a test puts another function in a verb's place. */
export const queueVerbs = {
  raise: raisePod,
  beat,
  sweep,
  announce: announceWorker,
  claim: claimWorker,
  assign: assignJob,
  start: startJob,
  finish: finishJob,
  fence: fenceCrew,
  rest: layToRest,
};

export type QueueVerbs = typeof queueVerbs;

const badge = (crew: string): Badge => ({ crew: crew as CrewId, worker: 1 });
const time = 'T';

function* look(): Steps<{
  queue: readonly string[];
  badges: readonly string[];
  pods: readonly string[];
}> {
  const pods = (yield* list(layout.jobpods)) ?? [];
  const badges = (yield* list(layout.workerqueue)) ?? [];
  const queue = (yield* list(layout.jobqueue)) ?? [];
  return { queue, badges, pods };
}

export type VerbName = keyof QueueVerbs | 'look';
export type Verbs = Readonly<Record<VerbName, (...args: string[]) => Steps<unknown>>>;

/** Verbs as the model's actors call them: each takes plain strings, so that a call can be kept in the model's state. */
export function modelVerbs(of: QueueVerbs = queueVerbs): Verbs {
  return {
    look,
    sweep: (crew: string) => of.sweep(layout, crew as CrewId),
    raise: (crew: string) => of.raise(layout, crew as CrewId, 'crew', 1),
    beat: (crew: string) => of.beat(layout, crew as CrewId, '\n'),
    announce: (crew: string) => of.announce(layout, badge(crew)),
    claim: (crew: string) => of.claim(layout, badge(crew)),
    assign: (job: string, token: string, crew: string) =>
      of.assign(layout, job, token as Token, crew as CrewId),
    start: (crew: string, entry: string) => of.start(layout, crew as CrewId, entry),
    finish: (crew: string, entry: string, to: string) =>
      of.finish(layout, crew as CrewId, to === 'done' ? { to: 'done' } : { to: 'queue', raise: 'exit' }, {
        time,
        entry,
        worker: 1,
        outcome: { kind: 'exit', code: to === 'done' ? 0 : 1 },
        ms: 0,
        printed: [],
      }),
    fence: (crew: string) => of.fence(layout, crew as CrewId),
    rest: (crew: string, writer: string) =>
      of.rest(layout, crew as CrewId, { writer, time, countLost: true, releaseItems: true }),
  };
}
