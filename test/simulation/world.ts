import { FjrError } from '../../src/job/fjr-error.js';
import { tokenOf } from '../../src/queue/entry-name.js';
import { makeCrewId, type CrewId } from '../../src/queue/layout.js';
import { perform as performSteps } from '../../src/queue/perform.js';
import type { FileCall, FileReply } from '../../src/queue/steps.js';
import { submitJob } from '../../src/queue/submit-job.js';
import type { Token } from '../../src/queue/token.js';
import { type Resolved, emptyTree, perform, resolve } from '../model/memory-files.js';
import { layout } from '../model/verbs.js';
import type { Acts, Ask, Habits, Program, Surroundings } from './acting.js';
import { CrewProgram } from './crew.js';
import { DispatcherProgram, pool } from './dispatcher.js';
import { type Fate, takeFate, withoutReply } from './fate.js';
import { Host } from './host.js';
import { Ledger, submissionPrefix } from './ledger.js';
import { StrangerProgram, UserProgram, names } from './people.js';
import type { Choice, Setup } from './setup.js';
import { type Trace, describe, mark, show } from './trace.js';

interface Actor {
  readonly label: string;
  /** A new life on another host; undefined: it cannot die. */
  readonly rebirth: ((life: number) => Program) | undefined;
  life: number;
  host: number;
  program: Program;
  acts: Acts<void>;
  /** What it asks for; undefined: it has ended. */
  ask: Ask | undefined;
  flying: Resolved | undefined;
  /** What its next call that can have such a fate will meet. */
  fate: Fate;
  paused: boolean;
}

/** Calls of one duty; more is a loop without end. */
const mostCalls = 3000;

export class World implements Surroundings {
  readonly habits: Habits;
  readonly ledger: Ledger;
  readonly actors: Actor[] = [];
  time = 0;
  calm = 0;
  readonly #hosts: Host[];
  #trace: Trace | undefined;
  /** Calls whose callers have died. */
  readonly #orphans: Resolved[] = [];
  readonly #suspects = new Set<string>();
  /** Crews that were killed, whose guardians have yet to hear of it → tokens of their running jobs. */
  readonly #lingering = new Map<string, readonly string[]>();
  #tokens = 0;
  #submissions = 0;
  #chance = 0;

  constructor(setup: Setup, habits: Habits, trace?: Trace) {
    this.habits = habits;
    const tree = emptyTree();
    const make = (path: string): unknown => perform(tree, { op: 'mkdir', path });
    for (const path of [layout.root, ...layout.directories, layout.pool(pool)]) make(path);
    for (let item = 1; item <= setup.items; item++)
      perform(tree, { op: 'create', path: layout.poolItem(pool, `x${item}`), content: '', mode: 0 });
    this.ledger = new Ledger(tree);
    this.#hosts = Array.from({ length: setup.hosts }, () => new Host(tree, habits.freshen));
    for (let job = 0; job < setup.early; job++) this.#submit(names[job % names.length] ?? '');
    this.#populate(setup);
    if (setup.born > 0)
      for (const actor of this.actors) if (actor.program instanceof CrewProgram) this.#doDuty(actor, 'sweep');
    this.#trace = trace;
  }

  #submit(name: string): void {
    const token = this.newSubmission();
    const server = { call: (call: FileCall) => this.ledger.act(resolve(this.ledger.tree, call)) };
    performSteps(server, submitJob(layout, name, `${submissionPrefix} ${token} of ${name}`, 0o600, token));
  }

  #populate(setup: Setup): void {
    for (let index = 0; index < setup.dispatchers; index++)
      this.#add(`dispatcher${index}`, (life) => new DispatcherProgram(this, `dispatcher${index}-${life}`));
    for (let index = 0; index < setup.crews; index++)
      this.#add(`crew${index}`, (life) => new CrewProgram(this, crewId(index, life), setup.workers));
    if (setup.late + setup.whims > 0)
      this.#add('user', () => new UserProgram(this, setup.late, setup.whims), false);
    for (let index = 0; index < setup.strangers; index++)
      this.#add(`stranger${index}`, () => new StrangerProgram(this), false);
  }

  #add(label: string, make: (life: number) => Program, mortal = true): void {
    const program = make(0);
    const actor: Actor = {
      label,
      rebirth: mortal ? make : undefined,
      life: 0,
      host: this.actors.length % this.#hosts.length,
      program,
      acts: program.live(),
      ask: undefined,
      flying: undefined,
      fate: 'go',
      paused: false,
    };
    this.actors.push(actor);
    actor.ask = next(actor.acts.next());
  }

  newSubmission(): Token {
    return String(++this.#submissions).padStart(10, '0') as Token;
  }

  newToken(): Token {
    return this.habits.token(this.#tokens++);
  }

  countsAsDead(crew: string): boolean {
    return this.#suspects.has(crew) || !this.isAlive(crew);
  }

  jobsAreDead(crew: string): boolean {
    return !this.isAlive(crew) && !this.#lingering.has(crew);
  }

  isAlive(crew: string): boolean {
    return this.crews.some(({ id }) => id === crew);
  }

  get crews(): CrewProgram[] {
    return this.actors
      .map(({ program }) => program)
      .filter((program): program is CrewProgram => program instanceof CrewProgram);
  }

  /** Lets one thing happen. What cannot happen just now does not. */
  happen({ what, who, pick }: Choice): void {
    this.time += 0.25;
    this.#chance = pick;
    const actor = this.#whom(who);
    if (actor === undefined) return;
    switch (what) {
      case 'kill':
        this.#kill(actor, pick);
        return;
      case 'pause':
      case 'wake':
        actor.paused = what === 'pause';
        return;
      case 'expire':
        this.#expire(pick % this.#hosts.length);
        return;
      case 'suspect':
        this.#suspect(actor);
        return;
      case 'guardian':
        this.#guardian(pick);
        return;
      case 'land':
        this.#land(pick);
        return;
      default:
        // Trouble waits for a call that it can befall.
        if (what !== 'go') actor.fate = what;
        if (!actor.paused) this.#go(actor);
    }
  }

  /** Who has nothing left to do lets others go: dispatchers and crews, which come first. */
  #whom(who: number): Actor | undefined {
    const actor = this.actors[who % this.actors.length];
    if (actor?.ask !== undefined) return actor;
    const others = this.actors.findIndex(({ ask }) => ask === undefined);
    return this.actors[(who >>> 3) % Math.max(1, others)];
  }

  #kill(actor: Actor, pick: number): void {
    if (actor.rebirth === undefined) return;
    this.#trace?.(`${this.#name(actor)} is killed`);
    if (actor.flying !== undefined) this.#orphans.push(actor.flying);
    if (actor.program instanceof CrewProgram) this.#lingering.set(actor.program.id, actor.program.running);
    actor.host = pick % this.#hosts.length;
    this.#beginLife(actor);
  }

  #beginLife(actor: Actor): void {
    actor.flying = undefined;
    actor.fate = 'go';
    actor.paused = false;
    actor.life += 1;
    if (actor.rebirth === undefined) {
      actor.ask = undefined;
      return;
    }
    actor.program = actor.rebirth(actor.life);
    actor.acts = actor.program.live();
    actor.ask = next(actor.acts.next());
  }

  #expire(host: number): void {
    this.#trace?.(`host${host} forgets what it remembers`);
    this.#hosts[host]?.expire();
  }

  #suspect({ program }: Actor): void {
    if (!(program instanceof CrewProgram)) return;
    this.#trace?.(`${program.id} counts as dead from now on`);
    this.#suspects.add(program.id);
  }

  /** A guardian hears that its crew is dead, and kills what it ran. */
  #guardian(pick: number): void {
    const crews = [...this.#lingering.keys()];
    const crew = crews[pick % Math.max(1, crews.length)];
    if (crew === undefined) return;
    for (const entry of this.#lingering.get(crew) ?? []) this.ledger.stopUsing(tokenOf(entry) ?? '');
    this.#lingering.delete(crew);
  }

  #land(pick: number): void {
    const [call] = this.#orphans.splice(pick % Math.max(1, this.#orphans.length), 1);
    if (call === undefined) return;
    const reply = this.ledger.act(call);
    this.#trace?.(`late, from a caller that is dead: ${describe(call.call)}: ${String(reply)}`);
  }

  #go(actor: Actor): void {
    // What it decides to do is nobody else's business: its first call follows at once.
    if (actor.ask?.op === 'duty') this.#resume(actor, this.#chance % actor.program.duties.length);
    const { ask } = actor;
    const host = this.#hosts[actor.host];
    if (ask === undefined || host === undefined || ask.op === 'duty' || ask.op === 'choose') return;
    const resolved = actor.flying ?? host.resolve(ask);
    const remembered = actor.flying === undefined ? host.answer(resolved) : undefined;
    const fate = remembered === undefined ? takeFate(actor, ask) : 'go';
    if (fate === 'error') this.#giveUp(actor, ask);
    else if (fate === 'late' && actor.flying === undefined) {
      this.#trace?.(`${this.#name(actor)} sends ${describe(ask)}, which is late`);
      actor.flying = resolved;
      // Some are very late.
      actor.paused = this.calm === 0 && this.#chance % 2 === 0;
    } else {
      actor.flying = undefined;
      const told = remembered ?? this.#act(host, resolved, fate);
      if (fate === 'error-after') this.#fail(actor, ask, fate);
      else {
        if (this.#trace !== undefined)
          this.#tell(`${this.#name(actor)} ${describe(ask)}: ${show(told)}${mark(remembered, fate)}`, ask);
        this.#resume(actor, told);
      }
    }
  }

  /** Who gave up waiting does not know what becomes of the call. */
  #giveUp(actor: Actor, call: FileCall): void {
    if (actor.flying !== undefined) this.#orphans.push(actor.flying);
    actor.flying = undefined;
    this.#fail(actor, call, 'error');
  }

  #act(host: Host, resolved: Resolved, fate: Fate): FileReply {
    const reply = this.ledger.act(resolved);
    const told = fate === 'lost' && reply === 'ok' ? withoutReply(resolved.call.op) : reply;
    if (fate !== 'error-after') host.learn(resolved, told);
    return told;
  }

  #fail(actor: Actor, call: FileCall, fate: 'error' | 'error-after'): void {
    const done = fate === 'error' ? 'not done' : 'done all the same';
    this.#trace?.(`${this.#name(actor)} ${describe(call)}: the filesystem fails; ${done}`);
    this.#advance(actor, () => actor.acts.throw(new FjrError('filesystem', 'input/output error')));
  }

  #resume(actor: Actor, reply: FileReply): void {
    this.#advance(actor, () => actor.acts.next(reply));
  }

  /** On to the actor's next call, or to where it chooses its next duty. */
  #advance(actor: Actor, step: () => IteratorResult<Ask, void>): void {
    const { program } = actor;
    let result: IteratorResult<Ask, void>;
    try {
      result = step();
      while (result.done !== true && result.value.op === 'choose')
        result = actor.acts.next(this.#random() % result.value.of);
    } catch (error) {
      // Only a crew that fails before it is born: its recruiter hires another.
      if (!(error instanceof FjrError)) throw error;
      result = { done: true, value: undefined };
    }
    actor.ask = next(result);
    if (actor.ask !== undefined) return;
    // A crew that learns of its end has killed its jobs before it is over.
    if (program instanceof CrewProgram)
      for (const entry of program.running) this.ledger.stopUsing(tokenOf(entry) ?? '');
    this.#beginLife(actor);
  }

  #random(): number {
    this.#chance = (Math.imul(this.#chance ^ (this.#chance >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return this.#chance >>> 8;
  }

  /** From here on nothing goes wrong any more. */
  beginCalm(): void {
    this.#trace?.('--- from here on nothing goes wrong any more ---');
    this.calm = 1;
    this.#chance = 1;
    for (const actor of this.actors) Object.assign(actor, { paused: false, fate: 'go' });
    while (this.#orphans.length > 0) this.#land(0);
    while (this.#lingering.size > 0) this.#guardian(0);
    this.#suspects.clear();
  }

  /** Everybody does all there is to do, once; what was remembered grows old. */
  calmRound(): void {
    this.calm += 1;
    this.time += 5;
    for (const host of this.#hosts) host.expire();
    for (let turn = 0; turn < 6; turn++)
      for (const actor of this.actors) {
        const duty = actor.program.pass[turn];
        if (duty !== undefined) this.#doDuty(actor, duty);
      }
  }

  #doDuty(actor: Actor, duty: string): void {
    this.#finishDuty(actor);
    if (actor.ask?.op !== 'duty') return;
    this.#resume(actor, actor.program.duties.indexOf(duty));
    this.#finishDuty(actor);
  }

  #finishDuty(actor: Actor): void {
    for (let calls = 0; actor.ask !== undefined && actor.ask.op !== 'duty'; calls++) {
      if (calls > mostCalls) throw new Error(`${this.#name(actor)} does not come to an end`);
      this.#go(actor);
    }
  }

  /** Of the calm only what changes something is worth telling. */
  #tell(line: string, call: FileCall): void {
    if (this.calm === 0 || ['rename', 'link', 'create', 'unlink', 'mkdir', 'rmdir'].includes(call.op))
      this.#trace?.(line);
  }

  #name({ label, host, program }: Actor): string {
    return `${program instanceof CrewProgram ? program.id : label} on host${host}`;
  }
}

function next(result: IteratorResult<Ask, void>): Ask | undefined {
  return result.done === true ? undefined : result.value;
}

function crewId(index: number, life: number): CrewId {
  return makeCrewId(`c${index}`, String(life).padStart(8, '0'));
}
