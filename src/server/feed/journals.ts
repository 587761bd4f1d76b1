import type { CrewId } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list } from '../../queue/steps.js';
import type { Served } from '../served.js';
import { JournalTail, crewOfJournal, isJournal } from './journal-tail.js';

/** Looks without a line after which the journal of a crew that has gone is read no more. */
const lastLooks = 60;

/** Which journals there are, and which may have grown. */
export class Journals {
  readonly tail: JournalTail;
  readonly #served: Served;
  readonly #silence: () => void;
  readonly #heard = new Set<string>();
  /** Those that may grow, with how many looks in a row found nothing since their crew was gone. */
  readonly #open = new Map<string, number>();
  readonly #closed = new Set<string>();

  constructor(served: Served, ring: () => void) {
    this.#served = served;
    this.tail = new JournalTail(served.files, served.layout);
    this.#silence = served.doorbells.hang(served.layout.journal, (name) => {
      if (name === undefined || !isJournal(name)) return;
      this.#heard.add(name);
      ring();
    });
  }

  /**
   * Reads what is new, some milliseconds' worth for each step; gives the entries that are said to be over. `all`: also of
   * journals of which no bell was heard.
   */
  *read(all: boolean, isHere: (crew: CrewId) => boolean): Generator<readonly string[]> {
    const names = new Set(this.#heard);
    this.#heard.clear();
    if (all) {
      this.#lookForNew();
      for (const name of this.#open.keys()) names.add(name);
    }
    for (const name of names) {
      let isNew = false;
      for (const over of this.tail.follow(name, this.#served.isShared)) {
        isNew = true;
        yield over;
      }
      if (all) this.#age(name, isNew, isHere);
    }
    this.tail.trim();
  }

  /** Reads what a crew has written. */
  *readOf(crew: CrewId): Generator<readonly string[]> {
    yield* this.tail.follow(`${crew}.jsonl`, true);
  }

  /** All of them, from the beginning. */
  *readAll(): Generator<readonly string[]> {
    this.#lookForNew();
    for (const name of this.#open.keys()) yield* this.tail.follow(name, this.#served.isShared);
  }

  close(): void {
    this.#silence();
  }

  #lookForNew(): void {
    for (const name of perform(this.#served.files, list(this.#served.layout.journal)) ?? [])
      if (isJournal(name) && !this.#closed.has(name) && !this.#open.has(name)) this.#open.set(name, 0);
  }

  /** Crews come and go, each with a journal of its own; those of dispatchers, hosts and users go on. */
  #age(name: string, isNew: boolean, isHere: (crew: CrewId) => boolean): void {
    const crew = crewOfJournal(name);
    const idle = this.#open.get(name);
    if (crew === undefined || idle === undefined) return;
    if (isNew || isHere(crew)) this.#open.set(name, 0);
    else if (idle < lastLooks) this.#open.set(name, idle + 1);
    else {
      this.#open.delete(name);
      this.#closed.add(name);
    }
  }
}
