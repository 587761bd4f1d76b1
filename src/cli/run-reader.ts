import type { FanOut, TaskInput } from '../job/fan-out.js';
import type { Outcome } from '../job/outcome.js';
import { hideValues } from '../job/fan-out-file/secrets.js';
import { parseEntryName } from '../queue/entry-name.js';
import { FanOutBook } from '../queue/fan-out-book.js';
import { FanOutInputs } from '../queue/fan-out-inputs.js';
import { FanOutPaths, parseSeal } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import type { Place } from '../queue/places.js';
import { list } from '../queue/steps.js';
import type { TaskLine } from '../queue/task-line.js';
import { RunDigest, type RunSummary } from '../report/run-digest.js';
import type { RunHead } from '../report/run-head.js';
import type { Files } from '../system/files.js';
import { clock } from './compose.js';
import { shownInput } from './fan-outs.js';
import type { Project } from './project.js';

/**
 * Reads what became of a run's tasks, also while it goes on, and sums up the executions that count.
 *
 * The seals are listed before the lines are read, so a line that one of them makes void is never counted. One that was
 * read before its slice was sealed stays counted: of a run that goes on the sums may be a few executions too high. What
 * has become of each task is the tally's word, and right at any time.
 */
export class RunReader {
  readonly #files: Files;
  readonly #paths: FanOutPaths;
  readonly #book: FanOutBook;
  readonly #inputs: FanOutInputs;
  readonly #digest = new RunDigest();
  /** Of slices that were sealed, by token: how many lines count. */
  readonly #limits = new Map<string, number>();
  /** How many lines of each slice there were. */
  readonly #lines = new Map<string, number>();

  constructor(files: Files, directory: string) {
    this.#files = files;
    this.#paths = new FanOutPaths(directory);
    this.#inputs = new FanOutInputs(files, this.#paths);
    this.#book = new FanOutBook(files, this.#paths, (line, crew, counts) => {
      this.#add(line, crew, counts);
    });
  }

  get fanOut(): FanOut {
    return this.#book.fanOut;
  }

  /** Reads what was written since. */
  refresh(): void {
    for (const name of perform(this.#files, list(this.#paths.sealed)) ?? []) {
      const seal = parseSeal(name);
      if (seal !== undefined) this.#limits.set(seal.token, seal.lines);
    }
    this.#book.refresh(true);
  }

  summary(): RunSummary {
    return this.#digest.summary(this.#book.tally, this.fanOut.tasks);
  }

  head(project: Project, { entry, state }: Pick<Place, 'entry' | 'state'>): RunHead {
    return {
      project: project.name,
      name: parseEntryName(entry).job,
      id: this.fanOut.id,
      state: state === 'done' || state === 'failed' ? state : 'waiting',
      command: this.fanOut.shown,
      submitted: this.#submitted(),
      now: clock.wall(),
    };
  }

  /** A task's input, without what must not be shown; undefined: it cannot be read. */
  inputOf(task: number): string | undefined {
    const input: TaskInput | undefined = shownInput(this.fanOut, this.#inputs.read(task, task)?.[0]);
    return typeof input === 'string' ? input : input?.join(' ');
  }

  /** Its description is written once. */
  #submitted(): number | undefined {
    const at = this.#files.changedAt(this.#paths.file);
    return at === undefined ? undefined : Math.round(at);
  }

  #add(line: TaskLine, crew: string, counts: boolean): void {
    const before = this.#lines.get(line.token) ?? 0;
    this.#lines.set(line.token, before + 1);
    if (!counts || before >= (this.#limits.get(line.token) ?? Infinity)) return;
    const { outcome } = line;
    this.#digest.add(outcome === undefined ? line : { ...line, outcome: this.#shown(outcome) }, crew);
  }

  /** Why something could not be started may name the command. */
  #shown(outcome: Outcome): Outcome {
    return 'reason' in outcome
      ? { ...outcome, reason: hideValues(outcome.reason, this.fanOut.hidden ?? []) }
      : outcome;
  }
}
