import { describe, expect, test } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { type FileCall, type FileReply, type Steps, create, link, unlink } from '../../src/queue/steps.js';
import type { Token } from '../../src/queue/token.js';
import {
  type KeyRecord,
  forget,
  readRecord,
  submitOnce,
  takeUp,
} from '../../src/server/accept/key-record.js';
import { ServerPaths } from '../../src/server/server-paths.js';
import { type Tree, emptyTree, filesBelow, namesIn, perform } from '../model/memory-files.js';

/**
 * Requests with one key at several servers, followed through every interleaving of their filesystem calls within a budget
 * of bad luck: servers are killed, whose clients ask again; renames and links happen and are answered as if they had not;
 * jobs run and are removed at any time; the key is forgotten.
 */
interface World {
  tree: Tree;
  actors: Actor[];
  /** Tokens of jobs that have come into the queue. */
  started: string[];
  budget: Budget;
}

interface Budget {
  kills: number;
  lostReplies: number;
  forgets: number;
}

/** Its steps are made anew from the replies whenever it goes on. */
interface Actor {
  readonly kind: 'request' | 'forgetter';
  life: number;
  replies: Reply[];
  /** The token of the job that its client was told of; '' of a forgetter: it is through. */
  answer?: string;
}

type Reply = string | number | readonly string[] | { readonly bytes: string };

/** What requests and forgetters do. */
interface Verbs {
  readonly submitOnce: typeof submitOnce;
  readonly forget: typeof forget;
}
const right: Verbs = { submitOnce, forget };

const layout = new Layout('/p');
const paths = new ServerPaths(layout);
const key = 'k';

function* request(actor: number, life: number, verbs: Verbs): Steps<string> {
  for (let tries = 0; ; tries++) {
    const token = `${actor}${life}${tries}`.padStart(10, '0') as Token;
    const record: KeyRecord = { owner: '', body: 'b', job: 'J', token };
    const taken = yield* takeUp(layout, paths, key, 'b');
    if (taken.kind === 'started') return taken.record.token;
    const result = yield* verbs.submitOnce(layout, paths, key, record, { content: 'job', mode: 0o600 });
    if (result === 'started' || result === 'again') return token;
  }
}

function* forgetOne(verbs: Verbs): Steps<string> {
  const record = yield* readRecord(paths, key);
  if (record !== undefined) yield* verbs.forget(paths, [{ key, token: record.token }]);
  return '';
}

/** The actor's next call; undefined: it has come to its end. */
function nextCall(world: World, index: number, verbs: Verbs): FileCall | undefined {
  const actor = world.actors[index]!;
  const steps = actor.kind === 'request' ? request(index, actor.life, verbs) : forgetOne(verbs);
  let next = steps.next();
  for (const reply of actor.replies) {
    if (next.done === true) break;
    next = steps.next(revive(reply));
  }
  if (next.done !== true) return next.value;
  actor.answer = next.value;
  return undefined;
}

function revive(reply: Reply): FileReply {
  return typeof reply === 'object' && 'bytes' in reply ? Buffer.from(reply.bytes) : (reply as FileReply);
}

/** One call. `lost`: the file server does it, and says that it could not. */
function step(world: World, index: number, verbs: Verbs, lost = false): void {
  const actor = world.actors[index]!;
  const call = nextCall(world, index, verbs);
  if (call === undefined) return;
  const reply = perform(world.tree, call);
  const heard = lost && reply === 'ok' ? (call.op === 'link' ? 'exists' : 'missing') : reply;
  actor.replies.push(heard instanceof Uint8Array ? { bytes: Buffer.from(heard).toString() } : heard);
  for (const name of namesIn(world.tree, layout.jobqueue)) {
    const token = name.slice(2);
    if (!world.started.includes(token)) world.started.push(token);
  }
  nextCall(world, index, verbs);
}

interface Event {
  readonly label: string;
  readonly happen: (world: World) => void;
}

function eventsOf(world: World, verbs: Verbs): Event[] {
  const events: Event[] = [];
  world.actors.forEach(({ kind, answer }, index) => {
    if (answer !== undefined) return;
    const call = nextCall(world, index, verbs);
    if (call === undefined) return;
    const shown = `${kind} ${index}: ${call.op} ${'path' in call ? call.path : `${call.from} ${call.to}`}`;
    if (kind === 'request' || world.budget.forgets > 0 || world.actors[index]!.replies.length > 0)
      events.push({
        label: shown,
        happen: (now) => {
          if (kind === 'forgetter' && now.actors[index]!.replies.length === 0) now.budget.forgets -= 1;
          step(now, index, verbs);
        },
      });
    if (world.budget.lostReplies > 0 && (call.op === 'rename' || call.op === 'link'))
      events.push({
        label: `${shown}, whose reply is lost`,
        happen: (now) => {
          now.budget.lostReplies -= 1;
          step(now, index, verbs, true);
        },
      });
    if (world.budget.kills > 0 && world.actors[index]!.replies.length > 0)
      events.push({
        label: `${kind} ${index} is killed`,
        happen: (now) => {
          now.budget.kills -= 1;
          const killed = now.actors[index]!;
          killed.replies = [];
          killed.life += 1;
        },
      });
  });
  for (const path of filesBelow(world.tree, layout.jobqueue).keys())
    events.push({
      label: `${path} has run, and is removed`,
      happen: (now) => {
        perform(now.tree, { op: 'unlink', path });
      },
    });
  return events;
}

function faultOf({ actors, started }: World, forgets: number): string | undefined {
  if (started.length > 1 + forgets) return `started ${started.length} times`;
  const wrong = actors.find(({ answer = '' }) => answer !== '' && !started.includes(answer));
  return wrong === undefined
    ? undefined
    : `a client was told of ${wrong.answer ?? ''}, which was not started`;
}

/** From here on nothing goes wrong: all clients are answered. */
function restFault(text: string, verbs: Verbs, forgets: number): string | undefined {
  const world = JSON.parse(text) as World;
  world.actors.forEach(({ kind, replies }, index) => {
    if (kind === 'forgetter' && replies.length === 0) return;
    for (let calls = 0; calls < 60 && world.actors[index]!.answer === undefined; calls++)
      step(world, index, verbs);
  });
  const silent = world.actors.some(({ kind, answer }) => kind === 'request' && answer === undefined);
  return silent ? 'a client is never answered' : faultOf(world, forgets);
}

/** Every history; the fault, with what led to it, or how many worlds there are. */
function explore(requests: number, budget: Budget, verbs = right): number | string {
  const tree = emptyTree();
  for (const path of ['/p', layout.jobqueue, paths.directory, paths.keys])
    perform(tree, { op: 'mkdir', path });
  const actors: Actor[] = Array.from({ length: requests }, () => ({ kind: 'request', life: 0, replies: [] }));
  if (budget.forgets > 0) actors.push({ kind: 'forgetter', life: 0, replies: [] });
  const first = JSON.stringify({ tree, actors, started: [], budget } satisfies World);
  const seen = new Set([first]);
  const stack: { readonly text: string; readonly history: readonly string[] }[] = [
    { text: first, history: [] },
  ];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    const { text, history } = here;
    const rest = restFault(text, verbs, budget.forgets);
    if (rest !== undefined) return [rest, ...history].join('\n  ');
    for (const { label, happen } of eventsOf(JSON.parse(text) as World, verbs)) {
      const world = JSON.parse(text) as World;
      happen(world);
      const fault = faultOf(world, budget.forgets);
      if (fault !== undefined) return [fault, ...history, label].join('\n  ');
      const next = JSON.stringify(world);
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push({ text: next, history: [...history, label] });
    }
  }
  return seen.size;
}

const noBadLuck: Budget = { kills: 0, lostReplies: 0, forgets: 0 };

describe('requests with one key start one job, in every interleaving of', () => {
  test.each<[string, number, Partial<Budget>]>([
    ['one request whose server is killed twice', 1, { kills: 2 }],
    ['one request, with a kill and two lost replies', 1, { kills: 1, lostReplies: 2 }],
    ['two requests, with a kill', 2, { kills: 1 }],
    ['two requests, with a lost reply', 2, { lostReplies: 1 }],
    ['three requests', 3, {}],
    ['one request with a kill, while the key is forgotten', 1, { kills: 1, forgets: 1 }],
    ['two requests, while the key is forgotten', 2, { forgets: 1 }],
  ])('%s', { timeout: 60_000 }, (_, requests, luck) => {
    expect(explore(requests, { ...noBadLuck, ...luck })).toEqual(expect.any(Number));
  });
});

/** Step 3 of a wrong verb, on its own. */
function* startJob({ job, token }: KeyRecord, content: string): Steps<'started'> {
  yield* create(layout.queued(`${job}@${token}`), content);
  return 'started';
}

describe('it is not enough', () => {
  test.each<[string, number, Partial<Budget>, Partial<Verbs>]>([
    [
      'to note the key before the file is there',
      1,
      { kills: 1 },
      {
        *submitOnce(_, __, ___, record) {
          yield* create(paths.keyRecord(key), JSON.stringify(record));
          return yield* startJob(record, 'job');
        },
      },
    ],
    [
      'to note it after the job was started',
      1,
      { kills: 1 },
      {
        *submitOnce(_, __, ___, record) {
          yield* startJob(record, 'job');
          yield* create(paths.keyRecord(key), JSON.stringify(record));
          return 'started';
        },
      },
    ],
    [
      'to believe that another has noted it',
      1,
      { lostReplies: 1 },
      {
        *submitOnce(_, __, ___, record) {
          yield* create(paths.aside(record.token), 'job');
          yield* create(paths.draft(record.token), JSON.stringify(record));
          const status = yield* link(paths.draft(record.token), paths.keyRecord(key));
          if (status !== 'ok') yield* unlink(paths.aside(record.token));
          return 'raced';
        },
      },
    ],
    [
      'to forget the file before the record',
      2,
      { forgets: 1 },
      {
        *forget(_, [old]) {
          if (old === undefined) return;
          yield* unlink(paths.aside(old.token));
          yield* unlink(paths.keyRecord(key));
        },
      },
    ],
  ])('%s', (_, requests, luck, wrong) => {
    expect(explore(requests, { ...noBadLuck, ...luck }, { ...right, ...wrong })).toEqual(expect.any(String));
  });
});
