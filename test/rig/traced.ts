import { readFileSync } from 'node:fs';
import type { Background } from './background.js';
import { descendantsOf } from './processes.js';
import { type Rig, dist } from './rig.js';

/** What a call does that names a path. `listing`: a directory is opened; `open`: a file is, made or not. */
const kinds = {
  change: /^(rename|link|symlink|unlink|mkdir|rmdir)/,
  listing: /^open.*O_DIRECTORY/,
  open: /^open/,
  look: /^(\w*stat|\w*access|readlink|utime|\w*truncate|\w*chmod)/,
} as const;
export type CallKind = keyof typeof kinds;
export type Calls = Readonly<Record<CallKind, number>>;

/** A program of fjr's under strace, with its threads and all processes that it starts. */
export class Traced {
  readonly #rig: Rig;
  readonly #file: string;
  readonly program: Background;

  constructor(rig: Rig, name: string, ...args: string[]) {
    this.#rig = rig;
    this.#file = `${rig.directory}/calls-of-${name}`;
    const strace = ['-f', '-qq', '-e', 'trace=%file', '-o', this.#file];
    this.program = rig.start('strace', [...strace, process.execPath, `${dist}/${name}.js`, ...args]);
  }

  /** Calls so far with a path below FJR_HOME, those that failed included: they are not cheaper. */
  calls(): Calls {
    const calls = { change: 0, listing: 0, open: 0, look: 0 };
    for (const line of readFileSync(this.#file, 'latin1').split('\n')) {
      // `123 rename("/a", "/b") = 0`; the end of a call that another one interrupted is a line of another form.
      const call = /^\d+ +(\w+\(.*)/.exec(line)?.[1];
      if (!call?.includes(`"${this.#rig.fjrHome}/`)) continue;
      const kind = kindOf(call);
      if (kind !== undefined) calls[kind] += 1;
    }
    return calls;
  }

  /** strace itself passes no signal on. */
  async stop(): Promise<void> {
    const [own] = descendantsOf(this.program.pid);
    if (own !== undefined) process.kill(own.pid, 'SIGTERM');
    await this.program.ends();
  }
}

function kindOf(call: string): CallKind | undefined {
  return (Object.keys(kinds) as CallKind[]).find((kind) => kinds[kind].test(call));
}
