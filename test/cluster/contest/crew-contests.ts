import { announceWorker } from '../../../src/queue/announce-worker.js';
import { assignJob } from '../../../src/queue/assign-job.js';
import { claimWorker } from '../../../src/queue/claim-worker.js';
import { withFailure, withToken } from '../../../src/queue/entry-name.js';
import { fenceCrew } from '../../../src/queue/fence-crew.js';
import { finishJob } from '../../../src/queue/finish-job.js';
import { layToRest } from '../../../src/queue/lay-to-rest.js';
import { type Badge, PodPaths } from '../../../src/queue/layout.js';
import { type Returning, returnEntries } from '../../../src/queue/return-entries.js';
import { create, list, mkdir, read } from '../../../src/queue/steps.js';
import {
  type Arena,
  type Contest,
  type Expected,
  contentOf,
  crewIn,
  crewOf,
  disagree,
  judgeOne,
  tokenIn,
} from './contest.js';
import { crewFileContent, raise } from './furniture.js';

/** What happens to a crew, and to what its pod holds. */
export const crewContests: readonly Contest[] = [
  {
    name: 'raise: a pod that another host lists has its crew file, whole',
    act: (arena, round) => (arena.side === 0 ? born(arena, round) : readCrews(arena)),
    places: (layout, round) => [layout.pod(crewIn(round)).directory],
    judge: (layout, round, answers) =>
      answers[0] === 'born' && answers[1] === 'whole'
        ? { winner: 0, file: crewFile(layout.pod(crewIn(round))) }
        : disagree,
  },
  {
    name: 'claim: of two dispatchers one gets the worker',
    prepareBatch: (arena, rounds) => {
      if (arena.side === 0) raise(arena, crewOf(0), rounds.length);
    },
    prepare: (arena, round) => {
      arena.do(announceWorker(arena.layout, claimed(round)));
    },
    act: (arena, round) => arena.do(claimWorker(arena.layout, claimed(round))),
    places: (layout) => [layout.workerqueue, layout.pod(crewOf(0)).directory],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'claimed', 'taken', () => badgeFile(layout.pod(crewOf(0)), claimed(round))),
  },
  {
    name: 'announce: a badge is on offer, or in the pod that was fenced',
    prepare: (arena, round) => {
      const pod = makePod(arena, round);
      const { path, content } = badgeFile(pod, badgeIn(round));
      arena.do(create(path, content));
    },
    act: ({ do: make, layout, side }, round) =>
      side === 0 ? make(announceWorker(layout, badgeIn(round))) : make(fenceCrew(layout, crewIn(round))),
    places: (layout, round) => [layout.workerqueue, layout.fencedPod(crewIn(round)).directory],
    judge: (layout, round, answers) => {
      const { crew } = badgeIn(round);
      const inPod = badgeFile(layout.fencedPod(crew), badgeIn(round));
      switch (answers.join()) {
        case 'announced,fenced':
          // A crew whose pod still seems to answer will hear of it at its next beat.
          return {
            winner: 0,
            file: { ...inPod, path: layout.announced(badgeIn(round)), orElse: inPod.path },
          };
        case 'fenced,fenced':
          return { winner: 1, file: inPod };
        default:
          return disagree;
      }
    },
  },
  {
    name: 'fence: of two dispatchers one has fenced the crew',
    prepare: (arena, round) => {
      const { path, content } = crewFile(makePod(arena, round));
      arena.do(create(path, content));
    },
    act: (arena, round) => arena.do(fenceCrew(arena.layout, crewIn(round))),
    places: (layout, round) => [layout.fencedPod(crewIn(round)).directory],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'fenced', 'gone', () => crewFile(layout.fencedPod(crewIn(round)))),
  },
  {
    name: 'finish: an entry is done, or returned from the pod that was fenced',
    prepare: (arena, round) => {
      const pod = makePod(arena, round);
      arena.do(mkdir(pod.running));
      arena.do(create(pod.runningEntry(entryName(round)), contentOf(round)));
    },
    act: (arena, round) => (arena.side === 0 ? finish(arena, round) : fenceAndReturn(arena, round)),
    places: (layout, round) => [layout.done, layout.jobqueue, layout.fencedPod(crewIn(round)).running],
    // Void and fenced are the same to the job: the pod may still seem to answer.
    judge: (layout, round, answers) => {
      const content = contentOf(round);
      const returned = { path: layout.queued(withFailure(entryName(round), 'lost')), content };
      const inPod = layout.fencedPod(crewIn(round)).runningEntry(entryName(round));
      switch (answers.join()) {
        case 'committed,fenced and returned 0':
          return { winner: 0, file: { path: layout.finished('done', entryName(round)), content } };
        case 'fenced,fenced and returned 1':
        case 'void,fenced and returned 1':
          return { winner: 1, file: returned };
        default:
          // An error: then the entry is where the next pass finds it.
          return { winner: undefined, file: { ...returned, orElse: inPod } };
      }
    },
  },
  {
    name: 'bury: a job that is assigned to a dying crew is not buried with it',
    prepare: (arena, round) => {
      makePod(arena, round);
      arena.do(create(arena.layout.queued(jobName(round)), contentOf(round)));
    },
    act: (arena, round) => (arena.side === 0 ? assign(arena, round) : fenceAndBury(arena, round)),
    places: (layout, round) => [layout.jobqueue, layout.fencedPod(crewIn(round)).directory],
    judge: (layout, round, answers) => {
      const content = contentOf(round);
      switch (answers.join()) {
        case 'assigned,buried, returned 1':
          return { winner: 0, file: { path: layout.queued(entryName(round)), content } };
        // It landed in the fenced pod, where the next pass finds it.
        case 'assigned,left, returned 0':
          return {
            winner: 0,
            file: { path: layout.fencedPod(crewIn(round)).entry(entryName(round)), content },
          };
        // The pod still seemed to answer: the dispatcher takes the job for gone until it lists the queue again.
        case 'job-gone,buried, returned 0':
          return { winner: 1, file: { path: layout.queued(jobName(round)), content }, stale: true };
        case 'pod-gone,buried, returned 0':
          return { winner: 1, file: { path: layout.queued(jobName(round)), content } };
        default:
          return disagree;
      }
    },
  },
];

const returning: Returning = { writer: 'dispatcher', time: 'T', countLost: true };

function jobName(round: number): string {
  return `job${round}.conf`;
}

function entryName(round: number): string {
  return withToken(jobName(round), tokenIn(round, 0));
}

const badgeIn = (round: number): Badge => ({ crew: crewIn(round), worker: 1 });
/** One crew has all badges of a batch; they count from 1. */
const claimed = (round: number): Badge => ({ crew: crewOf(0), worker: (round % 100) + 1 });

function badgeFile(pod: PodPaths, badge: Badge): Expected & { content: string } {
  return { path: pod.badge(badge), content: `worker ${badge.worker} of crew ${badge.crew}\n` };
}

function crewFile(pod: PodPaths): Expected & { content: string } {
  return { path: pod.crewFile, content: crewFileContent };
}

/** A pod as far as a contest is about it: a whole one takes seven calls. */
function makePod({ do: make, layout }: Arena, round: number): PodPaths {
  const pod = layout.pod(crewIn(round));
  make(mkdir(pod.directory));
  return pod;
}

function born(arena: Arena, round: number): string {
  raise(arena, crewIn(round));
  return 'born';
}

const seen = new Set<string>();

function readCrews({ do: make, layout }: Arena): string {
  for (const name of make(list(layout.jobpods)) ?? []) {
    const pod = new PodPaths(`${layout.jobpods}/${name}`);
    if (name.startsWith('.') || seen.has(pod.directory)) continue;
    seen.add(pod.directory);
    const bytes = make(read(pod.crewFile));
    if (bytes === undefined) return 'not to be read';
    if (Buffer.from(bytes).toString('utf8') !== crewFileContent) return `torn: ${bytes.length}`;
  }
  return 'whole';
}

function finish({ do: make, layout }: Arena, round: number): string {
  const line = {
    time: 'T',
    entry: entryName(round),
    worker: 1,
    outcome: { kind: 'exit', code: 0 },
    ms: 0,
    printed: [],
  } as const;
  return make(finishJob(layout, crewIn(round), { to: 'done' }, line));
}

function fenceAndReturn({ do: make, layout }: Arena, round: number): string {
  // Who fences has looked first; the crew's journal takes it as long.
  make(list(layout.pod(crewIn(round)).running));
  const fenced = make(fenceCrew(layout, crewIn(round)));
  return `${fenced} and returned ${make(returnEntries(layout, crewIn(round), returning)).length}`;
}

function assign({ do: make, layout }: Arena, round: number): string {
  return make(assignJob(layout, jobName(round), tokenIn(round, 0), crewIn(round))).kind;
}

function fenceAndBury({ do: make, layout }: Arena, round: number): string {
  make(fenceCrew(layout, crewIn(round)));
  const { buried, returned } = make(layToRest(layout, crewIn(round), { ...returning, releaseItems: true }));
  return `${buried ? 'buried' : 'left'}, returned ${returned.length}`;
}
