import type { HintLine } from '../queue/hint.js';
import type { Clock } from '../system/clock.js';

/** Milliseconds without a word from a dispatcher until a crew no longer counts on its hints. */
const silence = 25_000;

/** What a crew's end of the hint line does when a dispatcher speaks. */
export interface DispatcherHints {
  /** Names that are new in the pod; none: look yourself. */
  readonly entries: (names: readonly string[]) => void;
}

/** The crew's end of the hint line: which dispatchers speak with it, and what it tells them. */
export class DispatchersHeard {
  readonly #line: HintLine | undefined;
  readonly #clock: Clock;
  /** Address → when it last spoke, in monotonic milliseconds. */
  readonly #heard = new Map<string, number>();
  readonly #untold = new Set<'idle' | 'ended'>();

  constructor(line: HintLine | undefined, clock: Clock, hints: DispatcherHints) {
    this.#line = line;
    this.#clock = clock;
    line?.listen((hint, address) => {
      if (hint.about !== 'hello' && hint.about !== 'entries') return;
      this.#heard.set(address, clock.monotonic());
      if (hint.about === 'hello') line.tell([address], 'here');
      else hints.entries(hint.names);
    });
  }

  /** Whether hints arrive: then looks may be rarer. */
  get isHinted(): boolean {
    this.#forgetSilent();
    return this.#heard.size > 0;
  }

  /** Tells whoever dispatches, together with what else happens in this turn of the event loop. */
  tell(about: 'idle' | 'ended'): void {
    if (this.#heard.size === 0) return;
    if (this.#untold.size === 0)
      setImmediate(() => {
        this.#flush();
      });
    this.#untold.add(about);
  }

  #flush(): void {
    this.#forgetSilent();
    for (const about of this.#untold) this.#line?.tell(this.#heard.keys(), about);
    this.#untold.clear();
  }

  #forgetSilent(): void {
    const now = this.#clock.monotonic();
    for (const [address, at] of this.#heard) if (now - at > silence) this.#heard.delete(address);
  }
}
