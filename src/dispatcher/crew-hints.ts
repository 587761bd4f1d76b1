import type { CrewFile } from '../queue/crew-file.js';
import type { Hint, HintLine } from '../queue/hint.js';
import { type CrewId, badgeName, parseCrewId } from '../queue/layout.js';
import type { Slot } from './plan.js';

/** What a dispatcher hears. */
export type Heard =
  | { readonly kind: 'idle' | 'ended'; readonly crew: CrewId }
  /** No names: something is there that nobody names. */
  | { readonly kind: 'queued'; readonly names: readonly string[] };

/** The dispatcher's end of the hint line: tells crews of new entries, and hears of idle workers and what has ended. */
export class CrewHints {
  readonly #line: HintLine | undefined;
  /** Where each crew listens: all that it claims, until one of them has answered. */
  readonly #addresses = new Map<CrewId, readonly string[]>();
  readonly #untold = new Map<CrewId, string[]>();

  constructor(line: HintLine | undefined, hear: (heard: Heard) => void) {
    this.#line = line;
    line?.listen((hint, address) => {
      this.#hear(hint, address, hear);
    });
  }

  /** Says hello to a crew, again and again: it may have missed it, and learns so that we are still here. */
  greet(crew: CrewId, file: CrewFile): void {
    if (file.hints.length === 0) return;
    if (!this.#addresses.has(crew)) this.#addresses.set(crew, file.hints);
    this.#line?.tell(this.#addresses.get(crew) ?? [], 'hello');
  }

  forget(crew: CrewId): void {
    this.#addresses.delete(crew);
    this.#untold.delete(crew);
  }

  /** A new entry lies in a crew's pod, and the badge of the worker claimed for it; told when `flush` is called. */
  entry(crew: CrewId, entry: string, badge: Slot): void {
    if (this.#line === undefined) return;
    const untold = this.#untold.get(crew) ?? [];
    this.#untold.set(crew, untold);
    if (badge.ahead !== true) untold.push(badgeName(badge));
    untold.push(entry);
  }

  flush(): void {
    for (const [crew, names] of this.#untold)
      this.#line?.tell(this.#addresses.get(crew) ?? [], 'entries', names);
    this.#untold.clear();
  }

  #hear({ about, from, names }: Hint, address: string, hear: (heard: Heard) => void): void {
    if (about === 'queued') {
      hear({ kind: about, names });
      return;
    }
    const crew = parseCrewId(from);
    if (crew === undefined) return;
    if (about === 'here') this.#addresses.set(crew, [address]);
    else if (about === 'idle' || about === 'ended') hear({ kind: about, crew });
  }
}
