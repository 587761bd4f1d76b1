/** The one place that knows how things are called inside a fan-out job's directory. */

import { type Token, tokenAlphabet, tokenLength } from './token.js';

/** Which tasks have been carved so far: the *name* of a file, so that one rename changes it. */
export interface Cursor {
  /** The first task that no slice has. */
  readonly next: number;
  /** How many slices were carved. */
  readonly slices: number;
  /** The newest slice's draft; it is still there if nobody has put it into the queue. '' before the first. */
  readonly draft: string;
}

const cursorPattern = /^cursor=(\d+)=(\d+)=(\S*)$/;

export function cursorName({ next, slices, draft }: Cursor): string {
  return `cursor=${next}=${slices}=${draft}`;
}

export function parseCursor(names: readonly string[]): Cursor | undefined {
  for (const name of names) {
    const [, next, slices, draft = ''] = cursorPattern.exec(name) ?? [];
    if (next !== undefined) return { next: Number(next), slices: Number(slices), draft };
  }
  return undefined;
}

/** What is decided of a gang's ranks: the *name* of a file, so that one rename changes it. See decide-gang.ts. */
export type GangState =
  | { readonly kind: 'open' }
  /** `token`: which try it is. */
  | { readonly kind: 'hold' | 'go' | 'void'; readonly token: Token };

const gangPattern = new RegExp(`^gang=(?:open|(hold|go|void)=([${tokenAlphabet}]{${tokenLength}}))$`);

export function gangStateName(state: GangState): string {
  return state.kind === 'open' ? 'gang=open' : `gang=${state.kind}=${state.token}`;
}

/** Undefined: this is no gang's directory, or it is gone. */
export function parseGangState(names: readonly string[]): GangState | undefined {
  for (const name of names) {
    const match = gangPattern.exec(name);
    if (match === null) continue;
    const [, kind, token] = match;
    return kind === undefined ? { kind: 'open' } : { kind: kind as 'hold', token: token as Token };
  }
  return undefined;
}

/** A slice that was taken back after it had started: how many of its lines count. */
export interface Seal {
  readonly token: Token;
  readonly lines: number;
  /** Its crew died with it; else it was given back in order. */
  readonly lost: boolean;
}

const sealPattern = new RegExp(`^([${tokenAlphabet}]{${tokenLength}})=(\\d+)(=lost)?$`);

export function sealName({ token, lines, lost }: Seal): string {
  return `${token}=${lines}${lost ? '=lost' : ''}`;
}

export function parseSeal(name: string): Seal | undefined {
  const [, token, lines, lost] = sealPattern.exec(name) ?? [];
  return token === undefined
    ? undefined
    : { token: token as Token, lines: Number(lines), lost: lost !== undefined };
}

const slicePattern = /^(.+)=([1-9]\d*)\.slice$/s;

/** What the `slice`th slice of a fan-out job is called in the queue. */
export function sliceName(of: string, slice: number): string {
  return `${of}=${slice}.slice`;
}

/** The fan-out job that a job of this name would be a slice of. */
export function fanOutOf(jobName: string): string | undefined {
  return slicePattern.exec(jobName)?.[1];
}

export const cancelMarkName = 'cancel';

/** What fan-out jobs are called, so that a listing tells them from files. */
export const fanOutSuffix = '.run';

/** How far a fan-out job is. */
export interface FanOutProgress {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
}

/** Always of one length, for hosts that remember the file's size. */
export function formatProgress(progress: FanOutProgress): string {
  return `${JSON.stringify(progress).padEnd(80)}\n`;
}

export class FanOutPaths {
  readonly directory: string;
  constructor(directory: string) {
    this.directory = directory;
  }
  get file(): string {
    return `${this.directory}/fan-out.json`;
  }
  /** A line of JSON for each input: a string, or an array of its columns. */
  get inputs(): string {
    return `${this.directory}/inputs.jsonl`;
  }
  /** Where every so manieth line of `inputs` begins: see `inputs.ts`. */
  get offsets(): string {
    return `${this.directory}/inputs.offsets`;
  }
  get holders(): string {
    return `${this.directory}/holders`;
  }
  /** The badge of the worker that has an item of a pool for the whole run. */
  holder(pool: string, item: string): string {
    return `${this.directory}/holders/${pool}.${item}`;
  }
  get shards(): string {
    return `${this.directory}/shards`;
  }
  /** The inputs of a shard, a line for each. */
  shard(shard: string): string {
    return `${this.directory}/shards/${shard}`;
  }
  cursor(cursor: Cursor): string {
    return `${this.directory}/${cursorName(cursor)}`;
  }
  gang(state: GangState): string {
    return `${this.directory}/${gangStateName(state)}`;
  }
  draft(name: string): string {
    return `${this.directory}/.new.${name}`;
  }
  /** How far it is, as its dispatcher last saw it. */
  get progress(): string {
    return `${this.directory}/progress.json`;
  }
  get outcomes(): string {
    return `${this.directory}/outcomes`;
  }
  outcomesOf(writer: string): string {
    return `${this.directory}/outcomes/${writer}.jsonl`;
  }
  get sealed(): string {
    return `${this.directory}/sealed`;
  }
  seal(seal: Seal): string {
    return `${this.directory}/sealed/${sealName(seal)}`;
  }
  /** The image that its tasks run in, if it was made for them. */
  get image(): string {
    return `${this.directory}/image.tar`;
  }
  get output(): string {
    return `${this.directory}/output`;
  }
  /** What small tasks printed, one after another. */
  packOf(writer: string): string {
    return `${this.directory}/output/${writer}.pack`;
  }
  /** What one task printed, if that is much or takes long. */
  outputOf(task: number, token: string, stream: 'out' | 'err'): string {
    return `${this.directory}/output/${task}@${token}.${stream}`;
  }
  /** A person's wish that no more tasks be begun, and that those that run be stopped. */
  get cancelMark(): string {
    return `${this.directory}/${cancelMarkName}`;
  }
}
