import type { HintLine } from '../../queue/hint.js';
import { perform } from '../../queue/perform.js';
import { create, list, rename } from '../../queue/steps.js';
import type { Files } from '../../system/files.js';
import { type FarFacts, type Meeting, signs } from './meeting.js';
import { type RaceSystem, namesIn, prizeNames, race } from './race.js';

export interface FarSystem extends RaceSystem {
  /** Lists as `ls` does. */
  readonly plainFiles: Files;
  readonly hints: HintLine | undefined;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Milliseconds between two looks; the same until it is this host's turn; and for plain ones, which disturb nothing. */
const lookEvery = 10;
const idleEvery = 100;
const plainEvery = 50;
/** Prizes of a race. */
export const prizeCount = 200;

/** The far host's part of a meeting: answers what the near one does, until that says that it is over. */
export async function answer(
  system: FarSystem,
  meeting: Meeting,
  facts: FarFacts,
  seconds: number,
): Promise<void> {
  const { files, clock, hints } = system;
  hints?.listen((hint, address) => {
    if (hint.about === 'hello') hints.tell([address], 'here');
  });
  const plain = new PlainLook(system, meeting);
  say(files, meeting, signs.facts, JSON.stringify(facts));
  const end = clock.monotonic() + seconds * 1000;
  let [raced, begun] = [false, false];
  while (clock.monotonic() < end) {
    const names = perform(files, list(meeting.toFar));
    // Somebody has cleared up: nobody waits for us.
    if (names === undefined || names.includes(signs.over)) return;
    begun ||= names.includes(signs.begin);
    for (const name of names) if (name.startsWith(signs.ping)) bounce(files, meeting, name);
    if (names.includes(signs.race) && !raced) {
      const won = race(system, prizeNames(prizeCount), meeting.prizes, meeting.wonFar);
      say(files, meeting, signs.raced, JSON.stringify(won));
      raced = true;
    }
    plain.look();
    await system.wait(begun ? lookEvery : idleEvery);
  }
}

/** Whole at once: it is written beside, and then moved. */
function say(files: Files, { directory, toNear }: Meeting, name: string, content: string): void {
  perform(files, create(`${directory}/${name}`, content));
  perform(files, rename(`${directory}/${name}`, `${toNear}/${name}`));
}

function bounce(files: Files, { toFar, toNear }: Meeting, name: string): void {
  const pong = `${toNear}/${signs.pong}${name.slice(signs.ping.length)}`;
  perform(files, rename(`${toFar}/${name}`, pong));
}

/** Looks for one new file in a directory that was looked at before, as a person's `ls` would. */
class PlainLook {
  readonly #system: FarSystem;
  readonly #meeting: Meeting;
  #lookedAt: number;
  #told = false;

  constructor(system: FarSystem, meeting: Meeting) {
    this.#system = system;
    this.#meeting = meeting;
    this.#lookedAt = system.clock.monotonic();
    namesIn(system.plainFiles, meeting.plain);
  }

  look(): void {
    const { clock, plainFiles, files } = this.#system;
    const now = clock.monotonic();
    if (this.#told || now - this.#lookedAt < plainEvery) return;
    this.#lookedAt = now;
    if (!namesIn(plainFiles, this.#meeting.plain).includes(signs.seen)) return;
    this.#told = true;
    say(files, this.#meeting, signs.seen, '');
  }
}
