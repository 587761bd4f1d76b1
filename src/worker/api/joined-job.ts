import { FjrError } from '../../job/fjr-error.js';
import { type Outcome, describeOutcome, isSuccess } from '../../job/outcome.js';
import type { LogStream } from '../../queue/layout.js';
import { Gone, Refused, Unanswered } from './api-client.js';
import { allOf } from './turns.js';
import { pause } from './back-off.js';
import type { Execution, JoinedWorld } from './joined-world.js';
import { JobSpecsError } from './job-specs.js';
import type { Kept } from './keep-alive.js';
import type { LocalEnd } from './local-crew.js';
import { outputsBelow } from './outputs.js';
import { SliceMirror } from './slice-mirror.js';
import type { Output } from './uploads.js';

/** Where a job stands, as servers call it. */
type Status = 'preprocessing' | 'running' | 'postprocessing';

/** How a job's time on this machine ended. */
export type Verdict = 'finished' | 'error' | 'gone' | 'given-back';

/** Why it is stopped: the server does not want it any more, or the worker leaves. */
type Stop = 'gone' | 'leaving';

/** Bytes that are read of a log for its last characters … */
const tailBytes = 4000;
/** … and so many of those are told. */
const tailCharacters = 1000;
/** How often an execution is begun that the machine's crew gives back. */
const mostBegun = 3;
/** Milliseconds for which a worker that leaves tries to say so. */
const farewell = 10_000;

/** One job of a server on this machine, from the moment in which it was given to us to that in which nothing of it is left. */
export class JoinedJob implements Kept {
  readonly id: string;
  readonly #world: JoinedWorld;
  readonly #execution: Execution;
  readonly #stop = new AbortController();
  #status: Status = 'preprocessing';
  #stopped: Stop | undefined;
  #pinging: Promise<void> | undefined;
  /** Undefined: it is no slice. */
  readonly #mirror: SliceMirror | undefined;
  /** When the server last answered. */
  #answeredAt: number;

  constructor(world: JoinedWorld, execution: Execution) {
    this.#world = world;
    this.#execution = execution;
    this.id = execution.id;
    const { id, slice } = execution;
    this.#answeredAt = world.now();
    this.#mirror = slice === undefined ? undefined : new SliceMirror(world, id, slice);
  }

  /** Ends it: the worker leaves. */
  leave(): void {
    this.#end('leaving');
  }

  async ping(): Promise<void> {
    // One at a time, and what comes next waits: an old word must not arrive behind a new one.
    this.#pinging ??= this.#ping().finally(() => (this.#pinging = undefined));
    await this.#pinging;
  }

  async #ping(): Promise<void> {
    try {
      await this.#world.client.ping(this.id, this.#status, this.#stop.signal);
      this.#answeredAt = this.#world.now();
    } catch (error) {
      if (error instanceof Gone || this.#mustEnd()) this.#end('gone');
      else if (!this.#stop.signal.aborted && !(error instanceof Unanswered))
        this.#world.report({ kind: 'trouble', id: this.id, error });
    }
  }

  /** Most jobs run on while their server is away; its items will be given to somebody else. */
  #mustEnd(): boolean {
    return this.#execution.holdsItems && this.#world.now() - this.#answeredAt > this.#world.lease;
  }

  /** Never throws for what a job or a server may do. */
  async run(): Promise<Verdict> {
    const { keepAlive } = this.#world;
    keepAlive.add(this);
    try {
      const end = await this.#work();
      if (this.#stopped === 'gone') return 'gone';
      if (end.kind === 'slice') return await this.#reportSlice(end);
      if (this.#stopped === 'leaving' || end.kind === 'given-back') return await this.#giveBack();
      return await this.#report(end.outcome, end.ms, end.details);
    } finally {
      keepAlive.remove(this);
      await this.#clear();
    }
  }

  #end(why: Stop): void {
    this.#stopped ??= why;
    this.#stop.abort(why);
    // A crew that leaves stops all of its jobs itself, and gives them back.
    if (why === 'gone') this.#world.crew.cancel(this.#execution.entry);
  }

  /** All but the last word. What goes wrong is the job's end, and its reason. */
  async #work(): Promise<End> {
    let end: LocalEnd | undefined;
    let log = '';
    try {
      await this.#enter('preprocessing');
      await this.#prepare();
      end = await this.#execute();
      if (end.kind === 'slice') return await this.#sendRest(end);
      if (end.kind === 'given-back' || this.#stop.signal.aborted) return { kind: 'given-back' };
      log = this.#logTail();
      await this.#enter('postprocessing');
      await this.#send(end.printed);
      return { ...end, details: isSuccess(end.outcome) ? '' : inLines([describeOutcome(end.outcome), log]) };
    } catch (error) {
      if (error instanceof Gone) this.#end('gone');
      if (this.#stop.signal.aborted) return { kind: 'given-back' };
      if (!isExpected(error)) throw error;
      this.#world.report({ kind: 'trouble', id: this.id, error });
      return { kind: 'ended', details: inLines([error.message, log]), ...failureBy(error, end) };
    }
  }

  async #enter(status: Status): Promise<void> {
    this.#status = status;
    await this.#tell(status, '', undefined, this.#stop.signal);
  }

  async #prepare(): Promise<void> {
    const { workplace, downloads } = this.#world;
    const { filesDown, filesUp } = this.#execution.specs;
    workplace.makeJob(
      this.id,
      this.#execution.specs.fjr === undefined ? filesUp.map(([, path]) => path) : [],
    );
    const both = new AbortController();
    const signal = AbortSignal.any([both.signal, this.#stop.signal]);
    await this.#execution.slice?.prepare(this.#execution.place.directory, signal);
    await allOf(
      [
        ...filesDown.map(([path, fileId]) => async () => {
          await this.#checkFile(
            path,
            fileId,
            downloads.fetch(fileId, workplace.fileOf(this.id, path), signal),
          );
        }),
        async () => this.#execution.getImage(signal),
      ],
      async (action) => action(),
      (reason) => {
        both.abort(reason);
      },
    );
  }

  /** A job that was deleted may have lost its files first. */
  async #checkFile(path: string, fileId: string, fetched: Promise<void>): Promise<void> {
    try {
      await fetched;
    } catch (error) {
      if (!(error instanceof FjrError) || this.#stop.signal.aborted) throw error;
      await this.#tell(this.#status, '', undefined, this.#stop.signal);
      throw new FjrError('download', `the input ${path} (${fileId}) did not come: ${error.message}`);
    }
  }

  /** A crew that lost its starter gives everything back, and another follows. */
  async #execute(): Promise<LocalEnd> {
    const { crew } = this.#world;
    const { entry, executable, place } = this.#execution;
    const content = this.#execution.jobFile();
    for (let begun = 1; ; begun++) {
      this.#stop.signal.throwIfAborted();
      const end = await this.#mirrored(
        crew.run(entry, content, executable, place, () => {
          this.#status = 'running';
          void this.ping();
        }),
      );
      // Of a slice that came back some tasks may have ended: its server knows best what is left.
      const isOnce = end.kind !== 'given-back' || this.#execution.slice !== undefined;
      if (isOnce || begun >= mostBegun || this.#stop.signal.aborted) return end;
      crew.forget(entry);
      await pause(1000, this.#stop.signal);
    }
  }

  /** What tasks come to is told while they run. */
  async #mirrored(running: Promise<LocalEnd>): Promise<LocalEnd> {
    if (this.#mirror === undefined) return running;
    const ended = new AbortController();
    const following = this.#mirror.follow(ended.signal, () => {
      this.#end('gone');
    });
    try {
      return await running;
    } finally {
      ended.abort();
      await following;
    }
  }

  /** Also of a worker that leaves: what its tasks came to counts. */
  async #sendRest(end: SliceEnd): Promise<End> {
    if (this.#stopped === 'gone') return { kind: 'given-back' };
    await this.#mirror?.send(this.#stopped === 'leaving' ? AbortSignal.timeout(farewell) : this.#stop.signal);
    return end;
  }

  /** All of its tasks have their lines, or the rest is somebody else's. */
  async #reportSlice({ tasks, failed, ms }: SliceEnd): Promise<Verdict> {
    const isComplete = tasks === this.#execution.slice?.tasks;
    const signal = this.#stopped === undefined ? this.#stop.signal : AbortSignal.timeout(farewell);
    try {
      await this.#tell(isComplete ? 'finished' : 'queued', '', { slice: { tasks, failed, ms } }, signal);
      return isComplete ? 'finished' : 'given-back';
    } catch (error) {
      if (!(error instanceof Gone)) this.#world.report({ kind: 'trouble', id: this.id, error });
      return 'gone';
    }
  }

  async #send(printed: readonly LogStream[]): Promise<void> {
    const { trees, workplace, uploads, crew } = this.#world;
    const { specs, entry } = this.#execution;
    const outputs: Output[] = [];
    if (specs.fjr === undefined)
      for (const [type, directory] of specs.filesUp)
        outputs.push(
          ...(await outputsBelow(trees, workplace.base, workplace.nameOf(this.id), type, directory)),
        );
    else
      outputs.push(
        ...(await this.#execution.ownOutputs(printed.map((stream) => [stream, crew.logOf(entry, stream)]))),
      );
    await uploads.send(this.id, outputs, this.#stop.signal);
  }

  /** The last word, which is said until it is heard. */
  async #report(outcome: Outcome, ms: number, details: string): Promise<Verdict> {
    const verdict = isSuccess(outcome) ? 'finished' : 'error';
    const report = this.#execution.specs.fjr === undefined ? undefined : { outcome, ms };
    try {
      await this.#tell(verdict, details, report, this.#stop.signal);
      return verdict;
    } catch (error) {
      if (error instanceof Gone || this.#stopped === 'gone') return 'gone';
      if (this.#stop.signal.aborted) return await this.#giveBack();
      this.#world.report({ kind: 'trouble', id: this.id, error });
      return 'gone';
    }
  }

  /** Somebody else is to have it. A server that does not hear of it finds out after a while. */
  async #giveBack(): Promise<Verdict> {
    const signal = AbortSignal.timeout(farewell);
    try {
      await this.#tell('queued', 'the worker has left', undefined, signal);
    } catch (error) {
      if (!(error instanceof Gone)) this.#world.report({ kind: 'trouble', id: this.id, error });
    }
    return 'given-back';
  }

  async #tell(status: string, details: string, report: unknown, signal: AbortSignal): Promise<void> {
    await this.#pinging;
    await this.#world.client.putStatus(this.id, status, details, report, signal);
  }

  #logTail(): string {
    const { files, crew } = this.#world;
    for (const stream of ['err', 'out'] as const) {
      const path = crew.logOf(this.#execution.entry, stream);
      const size = files.size(path) ?? 0;
      if (size === 0) continue;
      const from = Math.max(0, size - tailBytes);
      const bytes = files.readFrom(path, from, tailBytes) ?? new Uint8Array();
      return `Logs:\n${lastCharacters(Buffer.from(bytes).toString('utf8'))}`;
    }
    return '';
  }

  async #clear(): Promise<void> {
    const { workplace, crew } = this.#world;
    try {
      crew.forget(this.#execution.entry);
      await this.#execution.slice?.remove();
      try {
        await workplace.removeJob(this.id);
      } catch {
        // A container writes as another user, say.
        await this.#execution.removeByForce();
        await workplace.removeJob(this.id);
      }
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#world.report({ kind: 'trouble', id: this.id, error });
    }
  }
}

type SliceEnd = Extract<LocalEnd, { kind: 'slice' }>;

type End =
  | SliceEnd
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly ms: number; readonly details: string }
  | { readonly kind: 'given-back' };

/** What a job has come to counts, if it had failed before the rest went wrong. */
function failureBy(
  error: Error,
  end: LocalEnd | undefined,
): { readonly outcome: Outcome; readonly ms: number } {
  if (end?.kind === 'ended' && !isSuccess(end.outcome)) return end;
  const kind = error instanceof JobSpecsError ? 'rejected' : 'spawn-error';
  return { outcome: { kind, reason: error.message }, ms: end?.kind === 'ended' ? end.ms : 0 };
}

function inLines(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n');
}

/** What jobs and servers may make of our work. All else is our own fault. */
function isExpected(error: unknown): error is Error {
  return error instanceof FjrError || error instanceof JobSpecsError || error instanceof Refused;
}

/** Characters, and no half of one. */
function lastCharacters(text: string): string {
  return text.slice(-tailCharacters).replace(/^[\uDC00-\uDFFF]/, '');
}
