import { assignJob } from '../../../src/queue/assign-job.js';
import { formatEntryName, withToken } from '../../../src/queue/entry-name.js';
import { recallJob } from '../../../src/queue/recall-job.js';
import { startJob } from '../../../src/queue/start-job.js';
import { create, list, read } from '../../../src/queue/steps.js';
import { submitJob } from '../../../src/queue/submit-job.js';
import { type Arena, type Contest, contentOf, crewOf, disagree, judgeOne, tokenIn } from './contest.js';
import { raise } from './furniture.js';

/** What happens to a job between the queue and its start. */
export const queueContests: readonly Contest[] = [
  {
    name: 'submit: of two jobs of one name one is in the queue, whole',
    act: (arena, round) => {
      const { side, layout } = arena;
      const answer = arena.do(
        submitJob(layout, jobName(round), largeContent(round, side), 0o600, tokenIn(round, side)),
      );
      // Whoever hears that there is one already may read it at once, unless his host remembers that there was none.
      const found = answer === 'exists' ? readWhole(arena, round) : 'whole';
      return found.startsWith('torn') ? found : answer;
    },
    places: ({ jobqueue }) => [jobqueue],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'submitted', 'exists', (winner) => ({
        path: layout.queued(jobName(round)),
        content: largeContent(round, winner),
      })),
  },
  {
    name: 'submit: what another host lists can be read there, whole',
    act: (arena, round) => (arena.side === 0 ? publish(arena, round) : readNew(arena)),
    places: ({ jobqueue }) => [jobqueue],
    judge: (layout, round, answers) =>
      answers[0] === 'submitted' && answers[1] === 'whole'
        ? { winner: 0, file: { path: layout.queued(jobName(round)), content: largeContent(round, 0) } }
        : disagree,
  },
  {
    name: 'assign: of two dispatchers one gets the job',
    prepareBatch: raiseBoth,
    prepare: (arena, round) => {
      arena.do(create(arena.layout.queued(jobName(round)), contentOf(round)));
    },
    act: ({ do: make, layout, side }, round) =>
      make(assignJob(layout, jobName(round), tokenIn(round, side), goal(round, side))).kind,
    places: (layout) => [layout.jobqueue, layout.pod(crewOf(0)).directory, layout.pod(crewOf(1)).directory],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'assigned', 'job-gone', (winner) => ({
        path: layout.pod(goal(round, winner)).entry(withToken(jobName(round), tokenIn(round, winner))),
        content: contentOf(round),
      })),
  },
  {
    name: 'start: of a start and a recall one gets the entry',
    prepareBatch: raiseBoth,
    prepare: (arena, round) => {
      arena.do(create(arena.layout.pod(crewOf(0)).entry(entryName(round)), contentOf(round)));
    },
    act: ({ do: make, layout, side }, round) =>
      side === 0
        ? make(startJob(layout, crewOf(0), entryName(round)))
        : make(recallJob(layout, crewOf(0), entryName(round))),
    places: (layout) => {
      const { directory, running } = layout.pod(crewOf(0));
      return [layout.jobqueue, directory, running];
    },
    judge: (layout, round, answers) => {
      const content = contentOf(round);
      switch (answers.join()) {
        case 'started,gone':
          return { winner: 0, file: { path: layout.pod(crewOf(0)).runningEntry(entryName(round)), content } };
        case 'recalled,recalled':
          return { winner: 1, file: { path: layout.queued(entryName(round)), content } };
        default:
          return disagree;
      }
    },
  },
];

function jobName(round: number): string {
  return `job${round}.conf`;
}

function entryName(round: number): string {
  return formatEntryName({ job: jobName(round), token: tokenIn(round, 0), counts: {} });
}

/** Two dispatchers may have the same crew in mind, or different ones. */
function goal(round: number, side: 0 | 1): ReturnType<typeof crewOf> {
  return crewOf(round % 2 === 0 ? 0 : side);
}

function raiseBoth(arena: Arena): void {
  if (arena.side === 0) for (const side of [0, 1] as const) raise(arena, crewOf(side));
}

/** Long enough to be written and read in several pieces. */
function largeContent(round: number, side: 0 | 1): string {
  return contentOf(round, `side ${side}`, 300);
}

function publish({ do: make, layout }: Arena, round: number): string {
  return make(submitJob(layout, jobName(round), largeContent(round, 0), 0o600, tokenIn(round, 0)));
}

const seen = new Set<string>();

function readNew(arena: Arena): string {
  for (const name of arena.do(list(arena.layout.jobqueue)) ?? []) {
    const path = arena.layout.queued(name);
    if (name.startsWith('.') || seen.has(path)) continue;
    seen.add(path);
    const found = readWhole(arena, Number(/\d+/.exec(name)?.[0]));
    if (found !== 'whole') return found;
  }
  return 'whole';
}

function readWhole({ do: make, layout }: Arena, round: number): string {
  const bytes = make(read(layout.queued(jobName(round))));
  if (bytes === undefined) return 'not to be read';
  const text = Buffer.from(bytes).toString('utf8');
  return text === largeContent(round, 0) || text === largeContent(round, 1)
    ? 'whole'
    : `torn: ${text.length}`;
}
