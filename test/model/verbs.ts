import { announceWorker } from '../../src/queue/announce-worker.js';
import { assignJob } from '../../src/queue/assign-job.js';
import { beat } from '../../src/queue/beat.js';
import { claimWorker } from '../../src/queue/claim-worker.js';
import { fenceCrew } from '../../src/queue/fence-crew.js';
import { finishJob } from '../../src/queue/finish-job.js';
import { type CrewId, Layout } from '../../src/queue/layout.js';
import { layToRest } from '../../src/queue/lay-to-rest.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import { startJob } from '../../src/queue/start-job.js';
import { list, type Steps } from '../../src/queue/steps.js';
import type { Token } from '../../src/queue/token.js';

export const layout = new Layout('/p');

const badge = (crew: string): { crew: CrewId; worker: number } => ({ crew: crew as CrewId, worker: 1 });
const time = 'T';

/**
 * The protocol's own verbs, as the model's actors call them: each takes plain strings, so that a call can be kept in
 * the model's state. To take a rule of the protocol out, a test puts another function in a verb's place.
 */
export const verbs = {
  look: function* (): Steps<{
    queue: readonly string[];
    badges: readonly string[];
    pods: readonly string[];
  }> {
    const pods = (yield* list(layout.jobpods)) ?? [];
    const badges = (yield* list(layout.workerqueue)) ?? [];
    const queue = (yield* list(layout.jobqueue)) ?? [];
    return { queue, badges, pods };
  },
  sweep: function* (crew: string): Steps<readonly string[] | undefined> {
    return yield* list(layout.pod(crew as CrewId).directory);
  },
  raise: (crew: string): Steps<unknown> => raisePod(layout, crew as CrewId, 'crew', 1),
  beat: (crew: string): Steps<unknown> => beat(layout, crew as CrewId, '\n'),
  announce: (crew: string): Steps<unknown> => announceWorker(layout, badge(crew)),
  claim: (crew: string): Steps<unknown> => claimWorker(layout, badge(crew)),
  assign: (job: string, token: string, crew: string): Steps<unknown> =>
    assignJob(layout, job, token as Token, crew as CrewId),
  start: (crew: string, entry: string): Steps<unknown> => startJob(layout, crew as CrewId, entry),
  finish: (crew: string, entry: string, to: string): Steps<unknown> =>
    finishJob(layout, crew as CrewId, to === 'done' ? { to: 'done' } : { to: 'queue', raise: 'exit' }, {
      time,
      entry,
      worker: 1,
      outcome: { kind: 'exit', code: to === 'done' ? 0 : 1 },
      ms: 0,
      printed: [],
    }),
  fence: (crew: string): Steps<unknown> => fenceCrew(layout, crew as CrewId),
  rest: (crew: string, writer: string): Steps<unknown> =>
    layToRest(layout, crew as CrewId, { writer, time, countLost: true, releaseItems: true }),
};

export type VerbName = keyof typeof verbs;
export type Verbs = Readonly<Record<VerbName, (...args: string[]) => Steps<unknown>>>;
