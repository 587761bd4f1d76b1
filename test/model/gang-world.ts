import { type Slice, formatSlice, looksLikeSlice, parseSlice } from '../../src/job/fan-out.js';
import { jobDefaults } from '../../src/job/job.js';
import { assignJob } from '../../src/queue/assign-job.js';
import { beat } from '../../src/queue/beat.js';
import { carveSlice, placeSlice } from '../../src/queue/carve-slice.js';
import { decideGang, letGangGo } from '../../src/queue/decide-gang.js';
import { tokenOf } from '../../src/queue/entry-name.js';
import {
  type Cursor,
  FanOutPaths,
  type GangState,
  cursorName,
  gangStateName,
  parseCursor,
  parseGangState,
  parseSeal,
} from '../../src/queue/fan-out-paths.js';
import { fenceCrew } from '../../src/queue/fence-crew.js';
import { finishSlice, sealSlice } from '../../src/queue/finish-slice.js';
import { type CrewId, classifyPodFile, parsePodName } from '../../src/queue/layout.js';
import { layToRest } from '../../src/queue/lay-to-rest.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import { startJob } from '../../src/queue/start-job.js';
import { type FileCall, type FileReply, type Steps, append, list } from '../../src/queue/steps.js';
import { formatTaskLine, parseTaskLines } from '../../src/queue/task-line.js';
import type { Token } from '../../src/queue/token.js';
import type { Happening, Model } from './explore.js';
import { type Tree, emptyTree, filesBelow, namesIn, perform } from './memory-files.js';
import { layout } from './verbs.js';

const name = 'R.run';
const paths = new FanOutPaths(layout.queued(name));
const { needs, nice } = jobDefaults;

export interface GangBudget {
  /** A crew, or a dispatcher, is killed. */
  kills: number;
  /** A crew that lives loses its pod: its guardian has killed its ranks by then. */
  falseFences: number;
  lostReplies: number;
  /** A dispatcher takes a try back though nothing is wrong with it. */
  voids: number;
}

export interface GangSetup {
  readonly dispatchers: number;
  readonly crews: number;
  readonly ranks: number;
  readonly budget: GangBudget;
}

/** What may be put in the place of what is right. */
export interface GangHabits {
  /** Whether a crew whose look says this may let a rank of this try begin. */
  readonly mayBegin: (state: GangState | undefined, gang: string) => boolean;
  /** Whether a crew whose look says this gives its slice back. */
  readonly givesBack: (state: GangState | undefined, gang: string) => boolean;
  /** Whether a try may go of whose slices so many have started and so many only been assigned. */
  readonly mayGo: (started: number, assigned: number, all: number) => boolean;
  /** Whether the next try is gathered only when nothing is left of those before. */
  readonly waitsForAll: boolean;
}

export const rightHabits: GangHabits = {
  mayBegin: (state, gang) => state?.kind === 'go' && state.token === gang,
  givesBack: (state, gang) =>
    state !== undefined && (state.kind === 'open' || state.kind === 'void' || state.token !== gang),
  mayGo: (started, _, all) => started === all,
  waitsForAll: true,
};

interface Call {
  readonly verb: Verb;
  readonly args: readonly string[];
  readonly replies: readonly FileReply[];
}

/** What a dispatcher saw when it looked last. */
interface View {
  readonly state: GangState | undefined;
  readonly cursor: Cursor | undefined;
  /** Where each slice is, and its try. */
  readonly slices: readonly {
    readonly file: string;
    readonly gang: string;
    readonly at: 'queue' | 'assigned' | 'started';
  }[];
  /** The cursor names a slice that is not in the queue yet. */
  readonly draft: boolean;
  /** Tries of which a slice came back with ranks that have no outcome. */
  readonly returned: readonly string[];
  readonly open: readonly number[];
  readonly pods: readonly string[];
  /** Crews that hold nothing. */
  readonly free: readonly string[];
}

interface Dispatcher {
  readonly kind: 'dispatcher';
  call: Call | undefined;
  view: View | undefined;
  /** The try that it gathers. */
  mine: string | undefined;
}

interface Crew {
  readonly kind: 'crew';
  call: Call | undefined;
  life: number;
  born: boolean;
  seen: readonly string[];
  /** The slice that it has started. */
  held: { readonly entry: string; readonly gang: string; readonly rank: number } | undefined;
  /** `runs`: its rank's process is there. `ends`: it has its line. `goes`: the slice is to be given back. */
  does: 'waits' | 'runs' | 'ends' | 'goes';
}

type Actor = Dispatcher | Crew;

export interface GangWorld {
  tree: Tree;
  actors: Actor[];
  budget: GangBudget;
  tokens: number;
  /** Tries that went. */
  went: string[];
  fault: string | undefined;
}

type Verb =
  | 'look'
  | 'gather'
  | 'place'
  | 'assign'
  | 'go'
  | 'void'
  | 'fence'
  | 'rest'
  | 'raise'
  | 'sweep'
  | 'start'
  | 'hear'
  | 'note'
  | 'finish'
  | 'seal'
  | 'beat';
type Intention = readonly [Verb, ...string[]];

/** A gang's life, by the verbs that src has for it. What decides when which is used is written down here once more. */
export function gangModel(setup: GangSetup, habits: GangHabits = rightHabits): Model<GangWorld> {
  const world = new Rules(habits);
  return {
    first: () => firstWorld(setup, world),
    eventsOf: (now) => world.eventsOf(now),
    faultNow: (now) => now.fault ?? faultOfTree(now),
    faultAtRest: (now) => faultAtRest(now, setup.ranks),
    settleDown: (now, known) => world.settleDown(now, known),
  };
}

function firstWorld({ dispatchers, crews, ranks, budget }: GangSetup, rules: Rules): GangWorld {
  const world: GangWorld = {
    tree: emptyTree(),
    actors: [],
    budget: { ...budget },
    tokens: 0,
    went: [],
    fault: undefined,
  };
  const make = (path: string): unknown => perform(world.tree, { op: 'mkdir', path });
  for (const path of [layout.root, ...layout.directories]) make(path);
  for (const path of [paths.directory, paths.outcomes, paths.sealed]) make(path);
  for (const file of [cursorName({ next: ranks, slices: 0, draft: '' }), gangStateName({ kind: 'open' })])
    perform(world.tree, { op: 'create', path: `${paths.directory}/${file}`, content: '', mode: 0 });
  // How many there are, for those who look.
  perform(world.tree, { op: 'create', path: paths.file, content: String(ranks), mode: 0 });
  for (let index = 0; index < dispatchers; index++) world.actors.push(newDispatcher());
  for (let index = 0; index < crews; index++) {
    world.actors.push(newCrew(0));
    rules.run(world, dispatchers + index, ['raise', crewName(dispatchers + index, 0)]);
  }
  return world;
}

function newDispatcher(): Dispatcher {
  return { kind: 'dispatcher', call: undefined, view: undefined, mine: undefined };
}

function newCrew(life: number): Crew {
  return { kind: 'crew', call: undefined, life, born: false, seen: [], held: undefined, does: 'waits' };
}

function crewName(index: number, life: number): CrewId {
  return `c${index}-0000000${life}` as CrewId;
}

function isAlive(world: GangWorld, crew: string): boolean {
  return world.actors.some((actor, index) => actor.kind === 'crew' && crewName(index, actor.life) === crew);
}

/** Whether somebody who is there gathers this try. */
function isGathered({ actors }: GangWorld, token: string): boolean {
  return actors.some(
    (actor) =>
      actor.kind === 'dispatcher' &&
      (actor.mine === token || (actor.call?.verb === 'gather' && actor.call.args[0] === token)),
  );
}

/** All at once: what is known grows stale right after, and that is what matters. */
function viewOf({ tree }: GangWorld): View {
  const names = namesIn(tree, paths.directory);
  const cursor = parseCursor(names);
  const found = findSlices(tree);
  const done = doneRanks(tree);
  const ranks = Number(filesBelow(tree, paths.directory).get(paths.file));
  const open = Array.from({ length: ranks }, (_, rank) => rank).filter((rank) => !done.has(rank));
  const sealed = [...filesBelow(tree, paths.sealed).values()].map((text) => parseSlice(Buffer.from(text)));
  const returned = sealed.filter((slice) => slice?.tasks.some(([rank]) => open.includes(rank)) === true);
  const pods = namesIn(tree, layout.jobpods);
  const busy = new Set(found.map(({ pod }) => pod));
  return {
    state: parseGangState(names),
    cursor,
    slices: found.map(({ file, gang, at }) => ({ file, gang, at })),
    draft: cursor !== undefined && names.includes(`.new.${cursor.draft}`),
    returned: returned.map((slice) => slice?.gang ?? ''),
    open,
    pods,
    free: pods.filter((pod) => parsePodName(pod)?.kind === 'live' && !busy.has(pod)),
  };
}

interface Found {
  /** Its name there. */
  readonly file: string;
  readonly gang: string;
  readonly pod: string | undefined;
  readonly at: 'queue' | 'assigned' | 'started';
}

function findSlices(tree: Tree): Found[] {
  const found: Found[] = [];
  for (const directory of [layout.jobqueue, layout.jobpods])
    for (const [path, content] of filesBelow(tree, directory)) {
      if (!looksLikeSlice(Buffer.from(content)) || path.includes('/sealed/') || path.includes('/.new.'))
        continue;
      const gang = parseSlice(Buffer.from(content))?.gang ?? '';
      const parts = path.split('/');
      const file = parts.at(-1) ?? '';
      const pod = directory === layout.jobpods ? parts[3] : undefined;
      found.push({
        file,
        gang,
        pod,
        at: pod === undefined ? 'queue' : path.includes('/running/') ? 'started' : 'assigned',
      });
    }
  return found;
}

/** Ranks with a success that counts. Of a slice that was sealed only the first lines do. */
function doneRanks(tree: Tree): Map<number, number> {
  const limits = new Map<string, number>();
  for (const seal of namesIn(tree, paths.sealed)) {
    const parsed = parseSeal(seal);
    if (parsed !== undefined) limits.set(parsed.token, parsed.lines);
  }
  const done = new Map<number, number>();
  const counts = new Map<string, number>();
  for (const text of filesBelow(tree, paths.outcomes).values())
    for (const line of parseTaskLines(text)) {
      if (!('token' in line)) continue;
      const count = (counts.get(line.token) ?? 0) + 1;
      counts.set(line.token, count);
      if (count <= (limits.get(line.token) ?? Infinity)) done.set(line.task, (done.get(line.task) ?? 0) + 1);
    }
  return done;
}

function faultOfTree(world: GangWorld): string | undefined {
  for (const [rank, times] of doneRanks(world.tree))
    if (times > 1) return `rank ${rank} is done ${times} times`;
  return undefined;
}

function faultAtRest({ tree, actors }: GangWorld, ranks: number): string | undefined {
  const done = doneRanks(tree);
  if (done.size !== ranks) return `${done.size} of ${ranks} ranks are done`;
  const [slice] = findSlices(tree);
  if (slice !== undefined) return `${slice.file} is left ${slice.at}`;
  for (const pod of namesIn(tree, layout.jobpods)) {
    const parsed = parsePodName(pod);
    const owner = actors.some(
      (actor, index) => actor.kind === 'crew' && crewName(index, actor.life) === parsed?.crew,
    );
    if (parsed?.kind !== 'live' || !owner) return `the pod ${pod} is left behind`;
  }
  return undefined;
}

class Rules {
  readonly #habits: GangHabits;

  constructor(habits: GangHabits) {
    this.#habits = habits;
  }

  eventsOf(world: GangWorld): Happening<GangWorld>[] {
    const events: Happening<GangWorld>[] = [];
    world.actors.forEach((actor, index) => {
      const who = actor.kind === 'crew' ? crewName(index, actor.life) : `dispatcher${index}`;
      if (actor.call === undefined) {
        for (const intention of this.#intentions(world, index))
          events.push({
            label: `${who} ${intention.join(' ')}`,
            happen: (next) => {
              this.#begin(next, index, intention);
            },
          });
      } else {
        events.push({
          label: `${who} goes on`,
          happen: (next) => {
            this.#goOn(next, index, false);
          },
        });
        if (world.budget.lostReplies > 0 && this.#pending(actor.call)?.op === 'rename')
          events.push({
            label: `${who} loses its reply`,
            happen: (next) => {
              next.budget.lostReplies -= 1;
              this.#goOn(next, index, true);
            },
          });
      }
      if (world.budget.kills > 0)
        events.push({
          label: `kill ${who}`,
          happen: (next) => {
            next.budget.kills -= 1;
            next.actors[index] = actor.kind === 'crew' ? newCrew(actor.life + 1) : newDispatcher();
          },
        });
    });
    return events;
  }

  /** Does all of one verb. */
  run(world: GangWorld, index: number, intention: Intention): void {
    this.#begin(world, index, intention);
    while (world.actors[index]?.call !== undefined) this.#goOn(world, index, false);
  }

  #intentions(world: GangWorld, index: number): Intention[] {
    const actor = world.actors[index];
    if (actor === undefined) return [];
    return actor.kind === 'crew'
      ? this.#crewIntentions(actor, crewName(index, actor.life))
      : this.#dispatcherIntentions(world, actor, index);
  }

  #crewIntentions({ born, held, seen, does }: Crew, id: string): Intention[] {
    if (!born) return [['raise', id]];
    if (held === undefined) {
      const starts = seen.map((entry): Intention => ['start', id, entry]);
      return [['sweep', id], ['beat', id], ...starts];
    }
    switch (does) {
      case 'waits':
        return [
          ['hear', id],
          ['beat', id],
        ];
      case 'runs':
        return [
          ['hear', id],
          ['note', id, held.entry, String(held.rank)],
          ['beat', id],
        ];
      case 'ends':
        return [['finish', id, held.entry]];
      case 'goes':
        return [['seal', id, held.entry]];
    }
  }

  #dispatcherIntentions(world: GangWorld, { view, mine }: Dispatcher, index: number): Intention[] {
    const ways: Intention[] = [['look']];
    if (view === undefined) return ways;
    const { state, slices, cursor, draft, free, pods, returned, open } = view;
    if (draft && cursor !== undefined) ways.push(['place', cursorName(cursor)]);
    const isFree = (slices.length === 0 || !this.#habits.waitsForAll) && !draft && open.length > 0;
    if (isFree && cursor !== undefined && (state?.kind === 'open' || state?.kind === 'void'))
      ways.push(['gather', this.#tokenOf(world), gangStateName(state), cursorName(cursor), open.join(',')]);
    if (state?.kind === 'hold' && state.token === mine) {
      const its = slices.filter(({ gang }) => gang === mine);
      const count = (at: string): number => its.filter((one) => one.at === at).length;
      if (this.#habits.mayGo(count('started'), count('assigned'), open.length)) ways.push(['go', mine]);
    }
    if (state?.kind === 'hold' || state?.kind === 'go') {
      const isLost = returned.includes(state.token);
      // Nobody goes on with it. That another only seems to be dead costs luck, or they would void each other's for ever.
      const isNobodys = state.kind === 'hold' && !isGathered(world, state.token);
      if (isLost || isNobodys) ways.push(['void', gangStateName(state)]);
      else if (world.budget.voids > 0 && state.kind === 'hold')
        ways.push(['void', gangStateName(state), 'late']);
    }
    for (const { file, at } of slices)
      if (at === 'queue') for (const crew of free) ways.push(['assign', file, this.#tokenOf(world), crew]);
    for (const pod of pods) {
      const parsed = parsePodName(pod);
      if (parsed?.kind === 'fenced') ways.push(['rest', parsed.crew, `dispatcher${index}`]);
      else if (parsed !== undefined && (!isAlive(world, parsed.crew) || world.budget.falseFences > 0))
        ways.push(['fence', parsed.crew]);
    }
    return ways;
  }

  #tokenOf({ tokens }: GangWorld): string {
    return String(tokens).padStart(10, '0');
  }

  #begin(world: GangWorld, index: number, [verb, ...args]: Intention): void {
    const actor = world.actors[index];
    if (actor === undefined) return;
    if (verb === 'look') {
      if (actor.kind === 'dispatcher') actor.view = viewOf(world);
      return;
    }
    actor.call = { verb, args, replies: [] };
    if (verb === 'gather' || verb === 'assign') world.tokens += 1;
    if (verb === 'void' && args[1] === 'late') world.budget.voids -= 1;
    if (verb === 'fence') this.#killRanks(world, args[0] ?? '');
    this.#goOn(world, index, false);
  }

  /** A crew that is fenced though it lives was silent for a lease: its guardian has killed what it ran, and starts nothing. */
  #killRanks(world: GangWorld, crew: string): void {
    world.actors.forEach((actor, index) => {
      if (actor.kind !== 'crew' || crewName(index, actor.life) !== crew) return;
      world.budget.falseFences -= 1;
      if (actor.does === 'runs' || actor.does === 'waits') actor.does = 'goes';
    });
  }

  #steps({ verb, args }: Call): Steps<unknown> {
    const [first = '', second = '', third = '', fourth = ''] = args;
    const crew = first as CrewId;
    switch (verb) {
      case 'gather':
        return this.#gather(first as Token, stateOf(second), cursorOf(third), fourth.split(',').map(Number));
      case 'place':
        return placeSlice(layout, name, paths, cursorOf(first));
      case 'assign':
        return assignJob(layout, first, second as Token, third as CrewId);
      case 'go':
        return letGangGo(paths, first as Token, []);
      case 'void':
        return this.#void(stateOf(first));
      case 'fence':
        return fenceCrew(layout, crew);
      case 'rest':
        return layToRest(layout, crew, { writer: second, time: 'T', countLost: true, releaseItems: true });
      case 'raise':
        return raisePod(layout, crew, 'crew', 1);
      case 'sweep':
        return list(layout.pod(crew).directory);
      case 'start':
        return startJob(layout, crew, second);
      case 'hear':
        return list(paths.directory);
      case 'note': {
        const line = { task: Number(third), token: tokenOf(second) ?? '', ms: 0 };
        return append(paths.outcomesOf(crew), formatTaskLine(line));
      }
      case 'finish':
        return finishSlice(layout, crew, { time: 'T', entry: second, worker: 1, tasks: 1, failed: 0, ms: 0 });
      case 'seal':
        return sealSlice(
          layout,
          crew,
          layout.pod(crew),
          { entry: second, of: name, token: tokenOf(second)! },
          false,
        );
      case 'beat':
        return beat(layout, crew, '\n');
      case 'look':
        return list(layout.root);
    }
  }

  /** As in src/dispatcher/gang-run.ts. */
  *#gather(
    token: Token,
    from: GangState,
    cursor: Cursor,
    ranks: readonly number[],
  ): Steps<'gathered' | 'overtaken'> {
    const hold = { kind: 'hold', token } as const;
    if ((yield* decideGang(paths, from, hold)) !== 'decided') return 'overtaken';
    let last = cursor;
    for (const rank of ranks) {
      const slices = last.slices + 1;
      const to = { next: last.next, slices, draft: `${slices}-${token}` };
      const content = formatSlice(sliceOf(rank, slices, token));
      if ((yield* carveSlice(layout, { name, paths }, last, to, content)) === 'overtaken') {
        yield* this.#void(hold);
        return 'overtaken';
      }
      last = to;
    }
    return 'gathered';
  }

  #void(from: GangState): Steps<unknown> {
    const token = from.kind === 'open' ? ('' as Token) : from.token;
    return decideGang(paths, from, { kind: 'void', token });
  }

  #replay(call: Call): IteratorResult<FileCall, unknown> {
    const steps = this.#steps(call);
    let next = steps.next();
    for (const reply of call.replies) next = steps.next(revived(reply));
    return next;
  }

  #pending(call: Call): FileCall | undefined {
    const next = this.#replay(call);
    return next.done === true ? undefined : next.value;
  }

  #goOn(world: GangWorld, index: number, isLost: boolean): void {
    const actor = world.actors[index];
    if (actor?.call === undefined) return;
    const { verb, args, replies } = actor.call;
    const next = this.#replay(actor.call);
    if (next.done === true) {
      this.#conclude(world, index, actor.call, next.value);
      return;
    }
    const reply = perform(world.tree, next.value);
    if (verb === 'go' && next.value.op === 'rename' && reply === 'ok') this.#went(world, args[0] ?? '');
    actor.call = { verb, args, replies: [...replies, isLost && reply === 'ok' ? 'missing' : reply] };
    const after = this.#replay(actor.call);
    if (after.done === true) this.#conclude(world, index, actor.call, after.value);
    else if (isPrivate(after.value)) this.#goOn(world, index, false);
  }

  #went(world: GangWorld, gang: string): void {
    world.went.push(gang);
    for (const { file, at } of findSlices(world.tree).filter((one) => one.gang === gang))
      if (at !== 'started') world.fault ??= `${gang} goes while ${file} is ${at}`;
  }

  #conclude(world: GangWorld, index: number, call: Call, result: unknown): void {
    const actor = world.actors[index];
    if (actor === undefined) return;
    actor.call = undefined;
    if (actor.kind === 'dispatcher') concludeDispatcher(actor, call, result);
    else this.#concludeCrew(world, index, actor, call, result);
  }

  #concludeCrew(world: GangWorld, index: number, crew: Crew, { verb, args }: Call, result: unknown): void {
    if (result === 'fenced' || (verb === 'sweep' && result === undefined)) {
      world.actors[index] = newCrew(crew.life + 1);
      return;
    }
    const [, entry = ''] = args;
    switch (verb) {
      case 'raise':
        crew.born = true;
        return;
      case 'sweep':
        crew.seen = (result as readonly string[]).filter((file) => classifyPodFile(file).kind === 'entry');
        return;
      case 'start':
        crew.seen = crew.seen.filter((one) => one !== entry);
        if (result === 'started') this.#hold(world, index, crew, entry);
        return;
      case 'hear':
        this.#hear(world, index, crew, result as readonly string[] | undefined);
        return;
      case 'note':
        crew.does = 'ends';
        return;
      case 'finish':
      case 'seal':
        crew.held = undefined;
        crew.does = 'waits';
        return;
      default:
        return;
    }
  }

  #hold(world: GangWorld, index: number, crew: Crew, entry: string): void {
    const running = layout.pod(crewName(index, crew.life)).runningEntry(entry);
    const content = filesBelow(world.tree, layout.jobpods).get(running) ?? '';
    // Fenced since, and it does not know yet: it has read it before.
    const slice = parseSlice(Buffer.from(content));
    crew.held = { entry, gang: slice?.gang ?? '', rank: slice?.tasks[0]?.[0] ?? -1 };
    crew.does = slice === undefined ? 'goes' : 'waits';
  }

  #hear(world: GangWorld, index: number, crew: Crew, names: readonly string[] | undefined): void {
    const { held } = crew;
    if (held === undefined || crew.does === 'goes') return;
    const state = parseGangState(names ?? []);
    if (this.#habits.givesBack(state, held.gang)) crew.does = 'goes';
    else if (crew.does === 'waits' && this.#habits.mayBegin(state, held.gang)) {
      crew.does = 'runs';
      this.#began(world, index, held);
    }
  }

  #began(world: GangWorld, index: number, { gang, rank }: { gang: string; rank: number }): void {
    if (!world.went.includes(gang)) world.fault ??= `rank ${rank} begins in ${gang}, which never went`;
    world.actors.forEach((other, at) => {
      if (other.kind !== 'crew' || at === index || other.does !== 'runs' || other.held === undefined) return;
      if (other.held.gang !== gang)
        world.fault ??= `rank ${rank} of ${gang} begins beside one of ${other.held.gang}`;
      if (other.held.rank === rank) world.fault ??= `rank ${rank} runs twice at a time`;
    });
  }

  /** Everybody does their work in turn, without bad luck, until nothing changes; see `settleDown` of world.ts. */
  settleDown(world: GangWorld, known: (world: GangWorld) => boolean): boolean {
    for (let round = 0; round < 60; round++) {
      if (known(world)) return true;
      const before = JSON.stringify([world.tree, world.actors]);
      world.actors.forEach((_, index) => {
        while (world.actors[index]?.call !== undefined) this.#goOn(world, index, false);
      });
      world.actors.forEach((_, index) => {
        this.#takeTurn(world, index, round);
      });
      if (JSON.stringify([world.tree, world.actors]) === before && round > patience + 1) return false;
    }
    return false;
  }

  #takeTurn(world: GangWorld, index: number, round: number): void {
    const saved = world.budget;
    // Whoever gathers gives up what does not come together.
    const voids = round % patience === patience - 1 ? 1 : 0;
    world.budget = { kills: 0, falseFences: 0, lostReplies: 0, voids };
    const order: readonly Verb[] =
      world.actors[index]?.kind === 'crew'
        ? [
            'raise',
            'beat',
            'seal',
            'finish',
            'sweep',
            'start',
            'hear',
            'seal',
            'note',
            'finish',
            'sweep',
            'start',
          ]
        : [
            'look',
            'fence',
            'look',
            'rest',
            'look',
            'place',
            'look',
            'go',
            'void',
            'look',
            'gather',
            'look',
            'assign',
          ];
    for (const verb of order)
      for (let tries = 0; tries < 4; tries++) {
        const intention = this.#intentions(world, index).find(([wanted]) => wanted === verb);
        if (intention !== undefined) this.run(world, index, intention);
        if (intention === undefined || ['look', 'sweep', 'beat', 'hear'].includes(verb)) break;
      }
    world.budget = saved;
  }
}

/** Rounds in good order after which who gathers takes back what has not come together. */
const patience = 6;

function concludeDispatcher(actor: Dispatcher, { verb, args }: Call, result: unknown): void {
  const [first = ''] = args;
  const { view } = actor;
  // What it has just done it knows; the rest it must look at.
  switch (verb) {
    case 'gather':
      actor.mine = result === 'gathered' ? first : undefined;
      actor.view = undefined;
      return;
    case 'assign':
      if (view === undefined) return;
      actor.view = {
        ...view,
        slices: view.slices.filter(({ file }) => file !== first),
        free: view.free.filter((crew) => crew !== args[2]),
      };
      return;
    case 'go':
    case 'void':
      actor.mine = undefined;
      actor.view = undefined;
      return;
    default:
      actor.view = undefined;
  }
}

/** Calls that nobody else can see or contend for are made at once: they only multiply the orders to try. */
function isPrivate(call: FileCall): boolean {
  if ('from' in call) return false;
  if (call.op === 'create') return call.path.includes('/.new.') || call.path.includes('/jobpods/.');
  if (call.op === 'mkdir') return call.path.includes('/jobpods/.');
  if (call.op === 'unlink') return call.path.includes('.fenced/');
  return call.op === 'list' && call.path.includes('/logs/.');
}

/** As JSON a file's content is no Buffer any more. */
function revived(reply: FileReply): FileReply {
  const { data } = reply as { data?: number[] };
  return data === undefined ? reply : Buffer.from(data);
}

function sliceOf(rank: number, slice: number, gang: string): Slice {
  return { of: name, slice, priority: 0, needs, nice, tasks: [[rank, rank]], failures: {}, gang };
}

function stateOf(text: string): GangState {
  const state = parseGangState([text]);
  if (state === undefined) throw new Error(`"${text}" is no state`);
  return state;
}

function cursorOf(text: string): Cursor {
  const cursor = parseCursor([text]);
  if (cursor === undefined) throw new Error(`"${text}" is no cursor`);
  return cursor;
}
