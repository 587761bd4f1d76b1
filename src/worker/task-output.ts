import type { CrewId, LogStream } from '../queue/layout.js';
import type { FanOutPaths } from '../queue/fan-out-paths.js';
import type { PrintedAt } from '../queue/task-line.js';
import type { Files } from '../system/files.js';
import type { Delivery, Piece } from './delivery.js';

const streams: readonly LogStream[] = ['out', 'err'];

/** Bytes from which what a task printed gets a file of its own. */
const ownFileFrom = 65_536;

/** Bytes of an end that is taken away. */
const longestEnd = 4096;

/** Where one task prints, and what is known of it. */
export interface TaskScratch {
  readonly out: string;
  readonly err: string;
  /** It has files of its own while it runs. */
  exposed: boolean;
  /** By scratch file, how many bytes have been delivered to such a file. */
  readonly delivered: Map<string, number>;
  /** By file, how many bytes were left out of its middle. */
  readonly cut: Map<string, number>;
}

/**
 * What a crew's tasks of one fan-out job print. Each task writes to a scratch file that is used again and again. Little
 * is copied into one pack that all tasks of the crew share; much, or what takes long, is given a file of its own.
 */
export class TaskOutput {
  readonly #files: Files;
  readonly #paths: FanOutPaths;
  readonly #pack: string;
  /** Bytes that are kept of a stream of one task. */
  readonly #cap: number;
  readonly #delivery: Delivery;
  /** Bytes in the pack. */
  #size: number | undefined;

  constructor(files: Files, paths: FanOutPaths, crew: CrewId, cap: number, delivery: Delivery) {
    this.#files = files;
    this.#paths = paths;
    this.#pack = paths.packOf(crew);
    this.#cap = cap;
    this.#delivery = delivery;
  }

  /** Gives a running task files of its own, so that they can be followed. */
  expose(task: number, token: string, scratch: TaskScratch): void {
    for (const stream of streams) this.#delivery.goOn(this.#piece(task, token, scratch, stream));
    scratch.exposed = true;
  }

  /** Whether a running task prints so much that it should have files of its own at once. */
  isMuch(scratch: TaskScratch): boolean {
    return streams.some((stream) => (this.#files.size(scratch[stream]) ?? 0) >= ownFileFrom);
  }

  /** Keeps the files of a running task up to date, and from growing without end. */
  attend(task: number, token: string, scratch: TaskScratch): void {
    if (!scratch.exposed) return;
    for (const stream of streams) {
      const piece = this.#piece(task, token, scratch, stream);
      const path = this.#delivery.where(piece);
      // Not at each byte over the cap: each time the file's end is written anew.
      if ((this.#files.size(path) ?? 0) > 2 * this.#cap) this.#cut(path, piece, scratch);
      this.#delivery.goOn(piece);
    }
  }

  /** Takes away what matches at the end of what a task printed on standard error. */
  takeEnd(task: number, token: string, scratch: TaskScratch, pattern: RegExp): readonly string[] | undefined {
    const exposed = this.#delivery.where(this.#piece(task, token, scratch, 'err'));
    const path = scratch.exposed && (this.#files.size(exposed) ?? 0) > 0 ? exposed : scratch.err;
    const size = this.#files.size(path) ?? 0;
    const start = Math.max(0, size - longestEnd);
    const end = Buffer.from(this.#files.readFrom(path, start, longestEnd) ?? '').toString('latin1');
    const match = pattern.exec(end);
    if (match === null) return undefined;
    this.#files.cutEnd(path, start + match.index);
    return match.map((text) => Buffer.from(text, 'latin1').toString('utf8'));
  }

  /** Keeps what a task printed; the scratch files are empty, or gone, after it. */
  keep(task: number, token: string, scratch: TaskScratch): { out?: PrintedAt; err?: PrintedAt } {
    const out = this.#keep(task, token, scratch, 'out');
    const err = this.#keep(task, token, scratch, 'err');
    return { ...(out === undefined ? {} : { out }), ...(err === undefined ? {} : { err }) };
  }

  /** What a task that has ended printed: all of it, or so many bytes from its beginning and end with a note between. */
  excerpt(task: number, token: string, scratch: TaskScratch, stream: LogStream, most: number): Uint8Array {
    const exposed = this.#delivery.where(this.#piece(task, token, scratch, stream));
    const path = scratch.exposed ? exposed : scratch[stream];
    const size = this.#files.size(path) ?? 0;
    const read = (offset: number, bytes: number): Uint8Array =>
      this.#files.readFrom(path, offset, bytes) ?? new Uint8Array();
    if (size <= most) return read(0, size);
    const half = Math.floor(most / 2);
    const note = Buffer.from(`\n[fjr: ${size - 2 * half} bytes left out here]\n`);
    return Buffer.concat([read(0, half), note, read(size - half, half)]);
  }

  #keep(task: number, token: string, scratch: TaskScratch, stream: LogStream): PrintedAt | undefined {
    const piece = this.#piece(task, token, scratch, stream);
    if (scratch.exposed) {
      const path = this.#delivery.where(piece);
      if ((this.#files.size(path) ?? 0) > 0) return this.#deliver(path, piece, scratch);
      this.#delivery.drop(piece);
      // It began to print after it was moved, say; what is in the scratch file is looked at all the same.
    }
    const bytes = this.#files.size(piece.from) ?? 0;
    if (bytes === 0) return undefined;
    return bytes < ownFileFrom ? this.#append(piece.from) : this.#deliver(piece.from, piece, scratch);
  }

  #deliver(path: string, piece: Piece, scratch: TaskScratch): PrintedAt {
    this.#cut(path, piece, scratch);
    const bytes = this.#files.size(path) ?? 0;
    this.#delivery.end(piece);
    return { bytes };
  }

  #piece(task: number, token: string, scratch: TaskScratch, stream: LogStream): Piece {
    const to = this.#paths.outputOf(task, token, stream);
    return { from: scratch[stream], to, delivered: scratch.delivered };
  }

  #cut(path: string, piece: Piece, scratch: TaskScratch): void {
    const note = (bytes: number): string => {
      const cut = bytes + (scratch.cut.get(path) ?? 0);
      scratch.cut.set(path, cut);
      return `\n[fjr: ${cut} bytes left out here]\n`;
    };
    if (this.#files.cutMiddle(path, Math.floor(this.#cap / 2), note) > 0) this.#delivery.beginAnew(piece);
  }

  #append(path: string): PrintedAt | undefined {
    const content = this.#files.readFrom(path, 0, ownFileFrom);
    if (content === undefined) return undefined;
    const offset = (this.#size ??= this.#files.size(this.#pack) ?? 0);
    // Unknown until it has succeeded.
    this.#size = undefined;
    this.#files.call({ op: 'append', path: this.#pack, content, when: 'soon' });
    this.#size = offset + content.length;
    this.#files.call({ op: 'overwrite', path, content: '' });
    return [offset, content.length];
  }
}
