import { spawnSync } from 'node:child_process';
import type { FanOutFileWorld } from '../../../src/job/fan-out-file/world.js';
import { FjrError } from '../../../src/job/fjr-error.js';

/** What a test's world holds. */
export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Paths that patterns match. */
  readonly globs?: Readonly<Record<string, readonly string[]>>;
  /** Directories below `/here`. */
  readonly directories?: readonly string[];
}

/** A world of files in memory, in which commands are real. It counts what was read. */
export class TestWorld implements FanOutFileWorld {
  readonly run = { id: 'run-k3f9', project: 'default', user: 'me', host: 'vm', date: '2026-11-21' };
  /** Lines that were asked for, by path. */
  readonly asked = new Map<string, number>();
  readonly commands: string[] = [];
  readonly #given: Given;

  constructor(given: Given = {}) {
    this.#given = given;
  }

  environment(name: string): string | undefined {
    return this.#given.env?.[name];
  }

  execute(line: string): { failure: string | undefined; stdout: string; stderr: string } {
    this.commands.push(line);
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
    return { failure: status === 0 ? undefined : `exit code ${status ?? ''}`, stdout, stderr };
  }

  *lines(path: string): Generator<string> {
    const text = this.#given.files?.[path];
    if (text === undefined) throw new FjrError('no-such-file', `cannot read ${path}: ENOENT`);
    for (const line of linesOf(text)) {
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      yield line;
    }
  }

  *output(line: string): Generator<string> {
    const { failure, stdout } = this.execute(line);
    yield* linesOf(stdout);
    if (failure !== undefined) throw new FjrError('command', `${line} failed with ${failure}`);
  }

  glob(pattern: string): readonly string[] {
    return this.#given.globs?.[pattern] ?? [];
  }

  directory(path: string): string {
    if (path === '.') return '/here';
    if (this.#given.directories?.includes(path) === true) return `/here/${path}`;
    throw new FjrError('bad-input', `${path} is no directory`, {
      hint: `it was looked for as /here/${path}`,
    });
  }
}

export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
