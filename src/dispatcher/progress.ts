import { isSuccess } from '../job/outcome.js';
import { JournalReader } from '../queue/journal-reader.js';
import type { JournalLine } from '../queue/journal.js';
import { type CrewId, type Layout, type Verdict, parseCrewId } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';

/** An execution that is over: a crew's, or a job that a dispatcher turned away. */
export type Ending = Extract<JournalLine, { event: 'finish' | 'verdict' }>;

/** Where tasks run that share nothing with us. */
export type HostLine = Extract<JournalLine, { event: 'host' }>;

/** What the journals tell. */
export type News =
  | { readonly kind: 'ending'; readonly ending: Ending }
  /** A slice of a fan-out job is over. */
  | { readonly kind: 'slice'; readonly crew: string; readonly entry: string }
  | { readonly kind: 'host'; readonly line: HostLine };

interface Unsettled {
  readonly ending: Ending;
  looks: number;
}

const suffix = '.jsonl';

function fileName(writer: string): string {
  return `${writer}${suffix}`;
}

/** Crews and dispatchers come and go, each with a journal of its own; those of hosts and users go on. */
function ends(writer: string): boolean {
  return parseCrewId(writer) !== undefined || writer.startsWith('dispatcher-');
}

/** Looks after which a line whose name stands nowhere is void. */
const patience = 600;

/** Endings that are remembered, in order not to count them twice. */
const rememberedEndings = 1000;
/** Milliseconds after a crew has gone in which its journal may still hold news. */
const aftermath = 60_000;

/** Counts what has ended since the dispatcher began, by following the journals. */
export class Progress {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #layout: Layout;
  /** The journal that this dispatcher writes. */
  readonly #own: string;
  readonly #reader: JournalReader;
  readonly #tell: (news: News) => void;
  /** Journals that may still grow, with the time at which a crew's was last seen alive, in monotonic milliseconds. */
  readonly #open = new Map<string, number>();
  /** Journals of those who are gone: nothing will come. */
  readonly #closed = new Set<string>();
  #unsettled: Unsettled[] = [];
  readonly #counted = new Set<string>();
  done = 0;
  failed = 0;
  retried = 0;

  constructor(
    { files, clock }: { readonly files: Files; readonly clock: Clock },
    layout: Layout,
    own: string,
    tell: (news: News) => void,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#layout = layout;
    this.#own = own;
    this.#reader = new JournalReader(files, layout);
    this.#tell = tell;
    // What is there already is told by others. Journals of the living are opened at the first look.
    for (const writer of this.#writers()) {
      this.#reader.skip(fileName(writer));
      if (ends(writer)) this.#closed.add(writer);
      else this.#open.set(writer, Infinity);
    }
  }

  #writers(): string[] {
    const names = perform(this.#files, list(this.#layout.journal)) ?? [];
    return names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  }

  /** Crews come and go: a journal each. Reads those of all who may have something to tell. */
  lookForJournals(live: readonly CrewId[]): void {
    const now = this.#clock.monotonic();
    for (const writer of this.#writers())
      if (!this.#open.has(writer) && !this.#closed.has(writer))
        this.#open.set(writer, ends(writer) && writer !== this.#own ? now : Infinity);
    for (const crew of live) {
      this.#closed.delete(crew);
      this.#open.set(crew, now);
    }
    this.read([...this.#open.keys()]);
    for (const [writer, seen] of this.#open)
      if (now - seen > aftermath) {
        this.#open.delete(writer);
        this.#closed.add(writer);
      }
  }

  /** Reads what these writers have noted since. `fresh`: it is known that there is something. */
  read(writers: readonly string[], fresh = false): void {
    for (const writer of writers)
      for (const line of this.#linesOf(writer, fresh))
        if (line.event === 'slice') this.#tell({ kind: 'slice', crew: writer, entry: line.entry });
        else if (line.event === 'host') this.#tell({ kind: 'host', line });
        else if (line.event === 'finish' || line.event === 'verdict')
          this.#unsettled.push({ ending: line, looks: 0 });
    this.#unsettled = this.#unsettled.filter((unsettled) => !this.#settle(unsettled));
  }

  #linesOf(writer: string, fresh: boolean): JournalLine[] {
    return fresh ? this.#reader.readFresh(fileName(writer)) : this.#reader.read(fileName(writer));
  }

  /** Nothing more will happen: all that was noted is to be counted. */
  conclude(live: readonly CrewId[]): void {
    this.lookForJournals(live);
    this.read([...this.#open.keys()], true);
    // Once more, and now by listings: what was missing a moment ago may be there.
    this.#unsettled = this.#unsettled.filter((one) => !this.#settle({ ...one, looks: 1 }));
  }

  /** A line counts only if its name stands there. The line comes before the rename, so it has some time to come true. */
  #settle(unsettled: Unsettled): boolean {
    const { ending } = unsettled;
    const stands = ending.to === 'queue' || this.#stands(ending, ending.to, unsettled.looks);
    if (stands && !this.#isCounted(ending.entry)) this.#count(ending);
    unsettled.looks += 1;
    return stands || unsettled.looks > patience;
  }

  /** A name that was missing once may be remembered as missing: then only a listing tells, and those are made rarely. */
  #stands({ entry }: Ending, to: Verdict, looks: number): boolean {
    if (looks === 0) return this.#files.exists(this.#layout.finished(to, entry));
    const isPowerOfTwo = (looks & (looks - 1)) === 0;
    return isPowerOfTwo && perform(this.#files, list(this.#layout[to]))?.includes(entry) === true;
  }

  /** A commit whose reply was an error may be noted twice. */
  #isCounted(entry: string): boolean {
    if (this.#counted.has(entry)) return true;
    this.#counted.add(entry);
    for (const oldest of this.#counted) {
      if (this.#counted.size <= rememberedEndings) break;
      this.#counted.delete(oldest);
    }
    return false;
  }

  #count(ending: Ending): void {
    // The tasks of a fan-out job are counted by themselves.
    const { to, outcome } = ending;
    if (outcome.kind !== 'tasks') {
      if (to === 'queue') this.retried += 1;
      else if (to === 'done' && isSuccess(outcome)) this.done += 1;
      else this.failed += 1;
    }
    this.#tell({ kind: 'ending', ending });
  }
}
