import { parseEntryName, tokenOf } from '../../src/queue/entry-name.js';
import { parseJournal } from '../../src/queue/journal.js';
import { type CrewId, badgeName, classifyPodFile, parsePodName } from '../../src/queue/layout.js';
import type { FileCall, FileReply, Steps } from '../../src/queue/steps.js';
import {
  type Resolved,
  type Tree,
  act,
  emptyTree,
  filesBelow,
  namesIn,
  perform,
  resolve,
} from './memory-files.js';
import { type VerbName, type Verbs, layout } from './verbs.js';

/** How often the world may go wrong in one history. */
export interface Budget {
  kills: number;
  /** A crew that lives is taken for dead. */
  falseFences: number;
  /** A rename that happened is answered ENOENT. */
  lostReplies: number;
  /** A call acts on directories that it resolved before they were renamed. */
  lateCalls: number;
  /** A second job of the same name. */
  submissions: number;
  /** An execution fails, and is tried again. */
  failures: number;
}

/** A verb under way: which, and the replies it got. Its generator is made anew from them whenever it goes on. */
interface Call {
  readonly verb: VerbName;
  readonly args: readonly string[];
  readonly replies: readonly FileReply[];
  late?: Resolved;
}

interface Dispatcher {
  readonly kind: 'dispatcher';
  call: Call | undefined;
  queue: readonly string[];
  badges: readonly string[];
  pods: readonly string[];
  /** Crews whose worker it has claimed. */
  spare: readonly string[];
  /** Crews that it fenced itself. Only a wrong dispatcher cares. */
  fenced: readonly string[];
}

interface Crew {
  readonly kind: 'crew';
  call: Call | undefined;
  /** Which life: each has a new id. */
  life: number;
  phase: 'unborn' | 'working';
  worker: 'idle' | 'announced' | 'claimed' | 'busy';
  entry: string | undefined;
  /** Entries seen in the pod. */
  seen: readonly string[];
}

type Actor = Dispatcher | Crew;

export interface World {
  tree: Tree;
  actors: Actor[];
  budget: Budget;
  tokens: number;
  submitted: number;
  /** Submission → how often a crew was told that its outcome is committed. */
  commits: Record<string, number>;
  /** Token → how often a crew believed to have started it. */
  starts: Record<string, number>;
}

/** How actors differ from right ones, beside their verbs. */
export interface Habits {
  readonly verbs: Verbs;
  /** Dispatchers take care of every fenced pod, not only of their own. */
  readonly restAll: boolean;
  /** A crew announces a claimed worker again that got no work. */
  readonly reannounce: boolean;
  readonly token: (count: number) => string;
}

export interface Setup {
  readonly dispatchers: number;
  readonly crews: number;
  readonly budget: Budget;
}

const jobName = 'J';

export function newWorld({ dispatchers, crews, budget }: Setup, habits: Habits): World {
  const world: World = {
    tree: emptyTree(),
    actors: [],
    budget: { ...budget },
    tokens: 0,
    submitted: 0,
    commits: {},
    starts: {},
  };
  perform(world.tree, { op: 'mkdir', path: layout.root });
  for (const path of layout.directories) perform(world.tree, { op: 'mkdir', path });
  submit(world);
  for (let index = 0; index < dispatchers; index++) world.actors.push(newDispatcher());
  for (let index = 0; index < crews; index++) {
    const crew: Crew = newCrew(0);
    world.actors.push(crew);
    // Its birth has tests of its own; here it has happened, and its worker is announced.
    for (const verb of ['raise', 'announce'] as const) {
      crew.call = { verb, args: [crewName(world.actors.length - 1, 0)], replies: [] };
      finishCall(world, habits, world.actors.length - 1);
    }
  }
  return world;
}

function newDispatcher(): Dispatcher {
  return { kind: 'dispatcher', call: undefined, queue: [], badges: [], pods: [], spare: [], fenced: [] };
}

function newCrew(life: number): Crew {
  return { kind: 'crew', call: undefined, life, phase: 'unborn', worker: 'idle', entry: undefined, seen: [] };
}

function crewName(index: number, life: number): CrewId {
  return `c${index}-0000000${life}` as CrewId;
}

function crewOf(badge: string): string {
  return badge.slice(0, badge.lastIndexOf('.'));
}

/** The crew's own life: a name of an earlier one is dead. */
function isAlive(world: World, crew: string): boolean {
  return world.actors.some((actor, index) => actor.kind === 'crew' && crewName(index, actor.life) === crew);
}

function submit(world: World): void {
  world.submitted += 1;
  perform(world.tree, {
    op: 'create',
    path: layout.queued(jobName),
    content: `submission ${world.submitted}`,
    mode: 0,
  });
}

/** One thing that may happen next. `normal` ones need no bad luck. */
export interface Event {
  readonly label: string;
  readonly happen: (world: World) => void;
}

/** Everything that may happen next in a world. */
export function eventsOf(world: World, habits: Habits): Event[] {
  const events: Event[] = [];
  const { budget, tree } = world;
  if (budget.submissions > 0 && !namesIn(tree, layout.jobqueue).includes(jobName))
    events.push({
      label: 'submit again',
      happen: (next) => {
        next.budget.submissions -= 1;
        submit(next);
      },
    });
  world.actors.forEach((actor, index) => {
    if (actor.call === undefined) {
      for (const [verb, ...args] of intentions(world, habits, actor, index))
        events.push({
          label: `${name(actor, index)} ${verb} ${args.join(' ')}`,
          happen: (next) => {
            begin(next, habits, index, verb, args);
          },
        });
    } else events.push(...callEvents(world, habits, actor, index));
    if (budget.kills > 0)
      events.push({
        label: `kill ${name(actor, index)}`,
        happen: (next) => {
          next.budget.kills -= 1;
          kill(next, index);
        },
      });
  });
  return events;
}

function name(actor: Actor, index: number): string {
  return actor.kind === 'crew' ? crewName(index, actor.life) : `dispatcher${index}`;
}

function kill(world: World, index: number): void {
  const actor = world.actors[index];
  // A killed crew's recruiter hires another; a killed dispatcher is started again, knowing nothing.
  world.actors[index] = actor?.kind === 'crew' ? newCrew(actor.life + 1) : newDispatcher();
}

function callEvents({ budget }: World, habits: Habits, actor: Actor, index: number): Event[] {
  const who = name(actor, index);
  const events: Event[] = [
    {
      label: `${who} goes on`,
      happen: (next) => {
        goOn(next, habits, index, 'plain');
      },
    },
  ];
  const call = pendingCall(habits, actor);
  if (actor.call?.late !== undefined || call === undefined) return events;
  if (budget.lateCalls > 0 && call.op !== 'list' && call.op !== 'append')
    events.push({
      label: `${who} resolves ${call.op}`,
      happen: (next) => {
        next.budget.lateCalls -= 1;
        goOn(next, habits, index, 'late');
      },
    });
  if (budget.lostReplies > 0 && call.op === 'rename')
    events.push({
      label: `${who} loses its reply`,
      happen: (next) => {
        next.budget.lostReplies -= 1;
        goOn(next, habits, index, 'lost');
      },
    });
  return events;
}

type Intention = readonly [VerbName, ...string[]];

/** What an actor without a call under way may do, by what it knows. */
function intentions(world: World, habits: Habits, actor: Actor, index: number): Intention[] {
  return actor.kind === 'crew'
    ? crewIntentions(world, habits, actor, crewName(index, actor.life))
    : dispatcherIntentions(world, habits, actor, index);
}

function crewIntentions(world: World, habits: Habits, crew: Crew, id: string): Intention[] {
  if (crew.phase === 'unborn') return [['raise', id]];
  if (crew.worker === 'busy') {
    const entry = crew.entry ?? '';
    const fail: Intention[] = world.budget.failures > 0 ? [['finish', id, entry, 'queue']] : [];
    return [['finish', id, entry, 'done'], ...fail, ['beat', id]];
  }
  const ways: Intention[] = [
    ['sweep', id],
    ['beat', id],
  ];
  for (const entry of crew.seen)
    ways.push(crew.worker === 'announced' ? ['claim', id] : ['start', id, entry]);
  if (crew.seen.length === 0 && (crew.worker === 'idle' || (crew.worker === 'claimed' && habits.reannounce)))
    ways.push(['announce', id]);
  return ways;
}

function dispatcherIntentions(
  world: World,
  habits: Habits,
  dispatcher: Dispatcher,
  index: number,
): Intention[] {
  const ways: Intention[] = [['look']];
  if (dispatcher.queue.length > 0 || dispatcher.badges.some((badge) => !isAlive(world, crewOf(badge))))
    for (const badge of dispatcher.badges) ways.push(['claim', crewOf(badge)]);
  const [crew] = dispatcher.spare;
  if (crew !== undefined)
    for (const job of dispatcher.queue) ways.push(['assign', job, habits.token(world.tokens), crew]);
  for (const pod of dispatcher.pods) {
    const parsed = parsePodName(pod);
    if (parsed === undefined) continue;
    if (parsed.kind === 'fenced') {
      if (habits.restAll || dispatcher.fenced.includes(parsed.crew))
        ways.push(['rest', parsed.crew, `dispatcher${index}`]);
    } else if (!isAlive(world, parsed.crew) || (world.budget.falseFences > 0 && parsed.kind === 'live'))
      ways.push(['fence', parsed.crew]);
  }
  return ways;
}

function begin(world: World, habits: Habits, index: number, verb: VerbName, args: readonly string[]): void {
  const actor = world.actors[index];
  if (actor === undefined) return;
  actor.call = { verb, args, replies: [] };
  if (verb === 'assign') world.tokens += 1;
  if (verb === 'fence' && isAlive(world, args[0] ?? '')) world.budget.falseFences -= 1;
  if (verb === 'finish' && args[2] === 'queue') world.budget.failures -= 1;
  if (verb === 'look') {
    // Three listings at once: what is known grows stale right after, and that is what matters.
    finishCall(world, habits, index);
    return;
  }
  // Between choosing and calling nothing happens that matters, unless the first call itself may go wrong.
  if (world.budget.lateCalls + world.budget.lostReplies === 0) goOn(world, habits, index, 'plain');
}

function generatorOf(habits: Habits, { verb, args }: Call): Steps<unknown> {
  return habits.verbs[verb](...args);
}

function replay(habits: Habits, call: Call): IteratorResult<FileCall, unknown> {
  const steps = generatorOf(habits, call);
  let next = steps.next();
  for (const reply of call.replies) next = steps.next(reply);
  return next;
}

function pendingCall(habits: Habits, actor: Actor): FileCall | undefined {
  if (actor.call === undefined) return undefined;
  const next = replay(habits, actor.call);
  return next.done === true ? undefined : next.value;
}

/** One filesystem call of the verb under way; when it was the last, the verb's result is taken note of. */
function goOn(world: World, habits: Habits, index: number, how: 'plain' | 'late' | 'lost'): void {
  const actor = world.actors[index];
  if (actor?.call === undefined) return;
  const next = replay(habits, actor.call);
  if (next.done === true) {
    conclude(world, index, actor.call, next.value);
    return;
  }
  if (how === 'late') {
    actor.call.late = resolve(world.tree, next.value);
    return;
  }
  const reply =
    actor.call.late === undefined ? perform(world.tree, next.value) : act(world.tree, actor.call.late);
  const { verb, args, replies } = actor.call;
  actor.call = { verb, args, replies: [...replies, how === 'lost' && reply === 'ok' ? 'missing' : reply] };
  const after = replay(habits, actor.call);
  if (after.done === true) conclude(world, index, actor.call, after.value);
  else if (isPrivate(after.value)) goOn(world, habits, index, 'plain');
}

/** Calls that nobody else can see or contend for are made at once: they only multiply the orders to try. */
function isPrivate(call: FileCall): boolean {
  if ('from' in call) return false;
  if (call.op === 'unlink') return call.path.includes('.fenced/');
  if (call.op === 'create' || call.op === 'mkdir') return call.path.includes('/jobpods/.');
  return call.op === 'list' && call.path.includes('/logs/.');
}

function finishCall(world: World, habits: Habits, index: number): void {
  while (world.actors[index]?.call !== undefined) goOn(world, habits, index, 'plain');
}

function conclude(world: World, index: number, call: Call, result: unknown): void {
  const actor = world.actors[index];
  if (actor === undefined) return;
  actor.call = undefined;
  if (actor.kind === 'crew') concludeCrew(world, index, actor, call, result);
  else concludeDispatcher(actor, call, result);
}

function concludeDispatcher(actor: Dispatcher, { verb, args }: Call, result: unknown): void {
  const [first = ''] = args;
  switch (verb) {
    case 'look':
      // What it had claimed and not used its crew announces again.
      Object.assign(actor, result, { spare: [] });
      return;
    case 'claim':
      actor.badges = actor.badges.filter((badge) => !badge.startsWith(`${first}.`));
      if (result === 'claimed' && !actor.spare.includes(first)) actor.spare = [...actor.spare, first].sort();
      return;
    case 'assign': {
      const { kind } = result as { kind: string };
      actor.queue = actor.queue.filter((job) => job !== first);
      if (kind !== 'job-gone') actor.spare = actor.spare.filter((crew) => crew !== args[2]);
      return;
    }
    case 'fence':
      actor.pods = actor.pods.filter((pod) => pod !== first && pod !== `.${first}`);
      if (result === 'fenced' && !actor.fenced.includes(first)) actor.fenced = [...actor.fenced, first];
      return;
    case 'rest':
      actor.pods = actor.pods.filter((pod) => pod !== `${first}.fenced`);
      return;
    default:
      return;
  }
}

function concludeCrew(world: World, index: number, crew: Crew, { verb, args }: Call, result: unknown): void {
  const fenced = (): void => {
    world.actors[index] = newCrew(crew.life + 1);
  };
  if (result === 'fenced' || result === 'pod-gone') {
    fenced();
    return;
  }
  switch (verb) {
    case 'raise':
      crew.phase = 'working';
      return;
    case 'announce':
      crew.worker = 'announced';
      return;
    case 'claim':
      crew.worker = 'claimed';
      return;
    case 'sweep':
      if (result === undefined) fenced();
      else
        seePod(crew, result as readonly string[], badgeName({ crew: crewName(index, crew.life), worker: 1 }));
      return;
    case 'start':
      crew.seen = crew.seen.filter((entry) => entry !== args[1]);
      if (result !== 'started') return;
      crew.worker = 'busy';
      crew.entry = args[1];
      count(world.starts, tokenOf(args[1] ?? '') ?? '');
      return;
    case 'finish':
      crew.worker = 'idle';
      crew.entry = undefined;
      if (result === 'committed' && args[2] === 'done')
        count(world.commits, submissionOf(world, args[1] ?? ''));
      return;
    default:
      return;
  }
}

function seePod(crew: Crew, names: readonly string[], badge: string): void {
  crew.seen = names.filter((entry) => classifyPodFile(entry).kind === 'entry');
  if (crew.worker === 'announced' && names.includes(badge)) crew.worker = 'claimed';
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function submissionOf(world: World, entry: string): string {
  return filesBelow(world.tree, layout.done).get(`${layout.done}/${entry}`) ?? 'nowhere';
}

/** What must hold at every instant. Returns what is wrong. */
export function faultNow(world: World): string | undefined {
  const places = new Map<string, string[]>();
  for (const directory of [layout.jobqueue, layout.jobpods, layout.done, layout.failed])
    for (const [path, content] of filesBelow(world.tree, directory))
      if (content.startsWith('submission')) places.set(content, [...(places.get(content) ?? []), path]);
  for (let number = 1; number <= world.submitted; number++) {
    const where = places.get(`submission ${number}`) ?? [];
    if (where.length !== 1) return `submission ${number} is in ${where.length} places: ${where.join(', ')}`;
  }
  for (const [submission, commits] of Object.entries(world.commits))
    if (commits > 1 || submission === 'nowhere') return `${submission} has ${commits} accepted outcomes`;
  for (const [token, starts] of Object.entries(world.starts))
    if (starts > 1) return `${token} was started ${starts} times`;
  return undefined;
}

/** What must hold when everybody has done all there is to do. */
export function faultAtRest(world: World): string | undefined {
  const done = filesBelow(world.tree, layout.done);
  if (done.size !== world.submitted) return `${done.size} of ${world.submitted} submissions are done`;
  for (const pod of namesIn(world.tree, layout.jobpods)) {
    const parsed = parsePodName(pod);
    if (parsed?.kind !== 'live' || !isAlive(world, parsed.crew)) return `the pod ${pod} is left behind`;
  }
  for (const badge of namesIn(world.tree, layout.workerqueue))
    if (!isAlive(world, crewOf(badge))) return `the badge ${badge} is left behind`;
  return faultInJournals(world, done);
}

/** Each outcome has one line that counts: a line counts only if the name it announces stands there. */
function faultInJournals(world: World, done: ReadonlyMap<string, string>): string | undefined {
  const lines = [...filesBelow(world.tree, layout.journal).values()].flatMap(parseJournal);
  for (const path of done.keys()) {
    const entry = path.slice(layout.done.length + 1);
    const counting = lines.filter(
      (line) => line.event === 'finish' && line.to === 'done' && line.entry === entry,
    );
    if (counting.length !== 1)
      return `${parseEntryName(entry).job} is done with ${counting.length} lines in the journals`;
  }
  return undefined;
}

/**
 * Lets everybody do their work in turn, without bad luck, until nothing changes. Deterministic, so that a world seen
 * before need not be followed again: `known` is asked before each round, and ends the settling.
 */
export function settleDown(
  world: World,
  habits: Habits,
  rounds: number,
  known: (world: World) => boolean,
): boolean {
  for (let round = 0; round < rounds; round++) {
    if (known(world)) return true;
    const before = JSON.stringify(world.tree);
    world.actors.forEach((_, index) => {
      finishCall(world, habits, index);
    });
    world.actors.forEach((_, index) => {
      takeTurn(world, habits, index);
    });
    if (JSON.stringify(world.tree) === before && round > 1) return false;
  }
  return false;
}

/** Everything one actor would do in one pass of its loop. */
function takeTurn(world: World, habits: Habits, index: number): void {
  const run = (intention: Intention): void => {
    begin(world, habits, index, intention[0], intention.slice(1));
    finishCall(world, habits, index);
  };
  const turn = (wanted: VerbName): void => {
    for (let tries = 0; tries < 8; tries++) {
      const actor = world.actors[index];
      if (actor === undefined) return;
      const saved = world.budget;
      // Without bad luck: no living crew is fenced, nothing fails.
      world.budget = { kills: 0, falseFences: 0, lostReplies: 0, lateCalls: 0, submissions: 0, failures: 0 };
      const intention = intentions(world, habits, actor, index).find(([verb]) => verb === wanted);
      if (intention !== undefined) run(intention);
      world.budget = saved;
      if (intention === undefined || ['look', 'sweep', 'beat'].includes(wanted)) return;
    }
  };
  const order: readonly VerbName[] =
    world.actors[index]?.kind === 'crew'
      ? ['raise', 'beat', 'sweep', 'claim', 'start', 'finish', 'sweep', 'announce']
      : ['look', 'fence', 'look', 'rest', 'look', 'claim', 'assign'];
  for (const verb of order) turn(verb);
}
