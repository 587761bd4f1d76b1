import type { CrewId, Layout, LogStream } from '../queue/layout.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { Files } from '../system/files.js';
import { CopyingDelivery, type Delivery, MovingDelivery } from './delivery.js';

const streams: readonly LogStream[] = ['out', 'err'];

/**
 * Where a crew's workers print. Each worker has a scratch file for each stream, used again and again: a job that
 * prints nothing creates nothing. What was printed is kept by moving the file to `logs/`, also while the job runs:
 * the open file goes with it.
 */
export class Scratch {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #directory: string;
  readonly #ofTasks: string;
  /** Of what tasks print. */
  readonly delivery: Delivery;

  /** `ownDisk`: a directory of the host's own for what tasks print; undefined: the project lies on the host's own disk. */
  constructor(files: Files, layout: Layout, crew: CrewId, ownDisk: string | undefined) {
    this.#files = files;
    this.#layout = layout;
    this.#directory = layout.scratch(crew);
    this.#ofTasks = ownDisk === undefined ? this.#directory : `${ownDisk}/${crew}`;
    this.delivery = ownDisk === undefined ? new MovingDelivery(files) : new CopyingDelivery(files);
    for (const directory of [this.#directory, this.#ofTasks]) files.ensureDirectory(directory);
  }

  path(worker: number, stream: LogStream): string {
    return `${this.#directory}/${worker}.${stream}`;
  }

  /** Before tasks print: what is of no use for weeks is removed from disks for temporary files. */
  ensureTaskDirectory(): void {
    if (this.#ofTasks !== this.#directory) this.#files.ensureDirectory(this.#ofTasks);
  }

  /** One of several files of a worker, for tasks that are at hand at the same time. */
  taskPath(worker: number, index: number, stream: LogStream): string {
    return `${this.#ofTasks}/${worker}.${index}.${stream}`;
  }

  /** Gives a running job log files of its own, so that they can be followed. */
  expose(worker: number, entry: string): void {
    for (const stream of streams) this.#move(worker, entry, stream);
    this.#point(entry, streams);
  }

  /** Keeps what an execution printed; returns the streams that hold something. */
  keep(worker: number, entry: string, exposed: boolean): LogStream[] {
    return streams.filter(
      (stream) => (exposed && this.#settle(entry, stream)) || this.#keepStream(worker, entry, stream),
    );
  }

  /** `logs/J.out` follows the accepted execution's. */
  accept(entry: string, printed: readonly LogStream[]): void {
    this.#point(entry, printed);
  }

  /** Leaves nothing behind. Only when no job runs. */
  clear(): void {
    for (const directory of new Set([this.#directory, this.#ofTasks])) {
      for (const name of asNames(this.#files.call({ op: 'list', path: directory })))
        this.#files.call({ op: 'unlink', path: `${directory}/${name}` });
      this.#files.call({ op: 'rmdir', path: directory });
    }
  }

  #keepStream(worker: number, entry: string, stream: LogStream): boolean {
    if ((this.#files.size(this.path(worker, stream)) ?? 0) === 0) return false;
    this.#move(worker, entry, stream);
    return true;
  }

  /** An exposed log that stayed empty goes away again: a job that began to print late still prints to its scratch. */
  #settle(entry: string, stream: LogStream): boolean {
    const path = this.#layout.log(entry, stream);
    if ((this.#files.size(path) ?? 0) > 0) return true;
    this.#files.call({ op: 'unlink', path });
    this.#files.call({ op: 'unlink', path: this.#layout.log(parseEntryName(entry).job, stream) });
    return false;
  }

  #move(worker: number, entry: string, stream: LogStream): void {
    this.#files.call({ op: 'rename', from: this.path(worker, stream), to: this.#layout.log(entry, stream) });
  }

  #point(entry: string, present: readonly LogStream[]): void {
    const { job } = parseEntryName(entry);
    for (const stream of present) this.#files.pointTo(this.#layout.log(job, stream), `${entry}.${stream}`);
  }
}

function asNames(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? (reply as readonly string[]) : [];
}
