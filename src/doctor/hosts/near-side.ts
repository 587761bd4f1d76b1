import type { HintLine } from '../../queue/hint.js';
import { perform } from '../../queue/perform.js';
import { create, read, rename } from '../../queue/steps.js';
import { prizeCount } from './far-side.js';
import { type FarFacts, type Meeting, parseFacts, signs } from './meeting.js';
import { type RaceResult, type RaceSystem, judgeRace, namesIn, prizeNames, race } from './race.js';

export interface NearSystem extends RaceSystem {
  readonly hints: HintLine | undefined;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** What a meeting with another host has shown. Times in seconds; undefined: not within the time it had. */
export interface Measured {
  readonly facts: FarFacts;
  /** Until a new file is seen there, or here, each time the directory is made fresh before it is listed. */
  readonly visible: number | undefined;
  /** The longest of them. */
  readonly visibleAtMost: number | undefined;
  /** Until a plain listing there shows it. */
  readonly plain: number | undefined;
  /** Until a hint was answered. Undefined also where hints are switched off on either side. */
  readonly hint: number | undefined;
  readonly hintsOn: boolean;
  /** Undefined: the far host did not run. */
  readonly race: RaceResult | undefined;
}

/** How often a file goes there and back; the first time is no measure, since the other looks rarely until then. */
const rounds = 6;
/** Milliseconds between two looks, and until the other is there. */
const lookEvery = 5;
const idleEvery = 50;
/** Milliseconds for an answer to a hint, which is sent so many times. */
const hintPatience = 1000;
const hints = 4;

/** How often, and how many milliseconds apart, prizes are looked for that are nowhere. */
const patientLooks = 6;
const patientEvery = 500;

/** What a meeting is led with. */
export interface Leading {
  /** Seconds for each thing to be seen. */
  readonly patience: number;
  /** The far host will not answer any more. */
  readonly isGone: () => boolean;
  /** Hosts are measured one at a time: they would disturb each other. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** The near host's part of a meeting. Undefined: the far host never came. */
export async function meet(
  system: NearSystem,
  meeting: Meeting,
  leading: Leading,
): Promise<Measured | undefined> {
  const near = new NearSide(system, meeting, leading);
  // How long it takes to get there is ssh's affair, which has a limit of its own.
  if ((await near.until(signs.facts, Infinity, idleEvery)) === undefined) return undefined;
  const facts = parseFacts(near.textOf(signs.facts));
  return facts === undefined ? undefined : near.measure(facts);
}

class NearSide {
  readonly #system: NearSystem;
  readonly #meeting: Meeting;
  readonly #leading: Leading;

  constructor(system: NearSystem, meeting: Meeting, leading: Leading) {
    this.#system = system;
    this.#meeting = meeting;
    this.#leading = leading;
  }

  async measure(facts: FarFacts): Promise<Measured> {
    const { clock } = this.#system;
    let putAt = 0;
    const measured = await this.#leading.inTurn(async () => {
      this.#put(`${this.#meeting.toFar}/${signs.begin}`);
      const trips = await this.#roundTrips();
      const visible = median(trips.map((trip) => trip / 2));
      const visibleAtMost = trips.length === rounds - 1 ? Math.max(...trips) / 2 : undefined;
      const hintsOn = this.#system.hints !== undefined && facts.hints !== undefined;
      const hint = hintsOn ? await this.#ping(facts.hints) : undefined;
      const result = visible === undefined ? undefined : await this.#race(visible);
      putAt = clock.monotonic();
      this.#put(`${this.#meeting.plain}/${signs.seen}`);
      return { facts, visible, visibleAtMost, hint, hintsOn, race: result };
    });
    await this.until(signs.seen, this.#leading.patience, lookEvery);
    const took = (clock.monotonic() - putAt) / 1000;
    const plain = this.#has(signs.seen) ? Math.max(0, took - (measured.visible ?? 0)) : undefined;
    return { ...measured, plain };
  }

  /** Seconds until a name is here; undefined: it did not come. */
  async until(name: string, seconds: number, every: number): Promise<number | undefined> {
    const { clock } = this.#system;
    const start = clock.monotonic();
    const elapsed = (): number => (clock.monotonic() - start) / 1000;
    while (elapsed() < seconds) {
      if (this.#has(name)) return elapsed();
      if (this.#leading.isGone()) return undefined;
      await this.#system.wait(every);
    }
    return undefined;
  }

  textOf(name: string): string {
    const bytes = perform(this.#system.files, read(`${this.#meeting.toNear}/${name}`));
    return Buffer.from(bytes ?? '').toString('utf8');
  }

  #has(name: string): boolean {
    return namesIn(this.#system.files, this.#meeting.toNear).includes(name);
  }

  /** A new file, by a rename: as all that fjr tells by files. */
  #put(path: string): void {
    const draft = `${this.#meeting.directory}/draft`;
    perform(this.#system.files, create(draft, ''));
    perform(this.#system.files, rename(draft, path));
  }

  /** Seconds that each file took there and back; ends at the first that did not come. */
  async #roundTrips(): Promise<number[]> {
    const { files, clock } = this.#system;
    const trips: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const draft = `${this.#meeting.directory}/ping`;
      perform(files, create(draft, ''));
      const start = clock.monotonic();
      perform(files, rename(draft, `${this.#meeting.toFar}/${signs.ping}${round}`));
      const pong = `${signs.pong}${round}`;
      if ((await this.until(pong, 2 * this.#leading.patience, lookEvery)) === undefined) break;
      trips.push((clock.monotonic() - start) / 1000);
    }
    return trips.slice(1);
  }

  async #ping(addresses: readonly string[]): Promise<number | undefined> {
    const { hints: line, clock, wait } = this.#system;
    const heard: number[] = [];
    line?.listen((hint) => {
      if (hint.about === 'here') heard.push(clock.monotonic());
    });
    const start = clock.monotonic();
    const elapsed = (): number => clock.monotonic() - start;
    for (let sent = 0; elapsed() < hintPatience && heard.length === 0;) {
      if (elapsed() >= (sent * hintPatience) / hints) {
        line?.tell(addresses, 'hello');
        sent += 1;
      }
      await wait(lookEvery);
    }
    const [first] = heard;
    return first === undefined ? undefined : (first - start) / 1000;
  }

  async #race(delay: number): Promise<RaceResult | undefined> {
    const { files, wait } = this.#system;
    const { prizes: from, toFar, wonNear, wonFar } = this.#meeting;
    const prizes = prizeNames(prizeCount);
    for (const prize of prizes) perform(files, create(`${from}/${prize}`, ''));
    this.#put(`${toFar}/${signs.race}`);
    // Until the other has heard.
    await wait(delay * 1000);
    const said = race(this.#system, prizes, from, wonNear);
    if ((await this.until(signs.raced, 2 * this.#leading.patience, lookEvery)) === undefined)
      return undefined;
    const farSaid = JSON.parse(this.textOf(signs.raced)) as string[];
    const judge = (): RaceResult =>
      judgeRace(
        prizes,
        { said, has: namesIn(files, wonNear) },
        { said: farSaid, has: namesIn(files, wonFar) },
      );
    let result = judge();
    // Some filesystems hide for a moment what was contested.
    for (let look = 1; result.lost.length > 0 && look < patientLooks; look++) {
      await wait(patientEvery);
      result = judge();
    }
    return result;
  }
}

/** Ends a meeting for the far host. */
export function endMeeting({ files }: NearSystem, { toFar }: Meeting): void {
  perform(files, create(`${toFar}/${signs.over}`, ''));
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
