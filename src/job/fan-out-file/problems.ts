import { FjrError } from '../fjr-error.js';
import { shorten } from '../shorten.js';

/** Where in a file's tree something stands: keys of maps, and numbers of list entries from 0. */
export type KeyPath = readonly (string | number)[];

/** Where in a text something stands; both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with a fan-out file. */
export interface Problem extends Place {
  readonly what: string;
  /** What to do about it, or what was expected; without a full stop. */
  readonly hint: string | undefined;
}

/** Why a fan-out file is not run: all that is wrong with it, from its first line to its last. */
export class FanOutFileError extends FjrError {
  readonly problems: readonly Problem[];

  constructor(fileName: string, found: readonly Problem[]) {
    const problems = [...found].sort((a, b) => a.line - b.line || a.column - b.column);
    const [first] = problems;
    const single = problems.length === 1 && first !== undefined;
    super(
      'bad-fan-out-file',
      single ? `${fileName}, ${formatProblem(first)}` : formatAll(fileName, problems),
      single && first.hint !== undefined ? { hint: first.hint } : {},
    );
    this.problems = problems;
  }
}

/** Of a long list with one mistake in each entry, nobody reads more. */
const mostShown = 50;

function formatAll(fileName: string, problems: readonly Problem[]): string {
  const lines = problems
    .slice(0, mostShown)
    .map((problem) =>
      problem.hint === undefined ? formatProblem(problem) : `${formatProblem(problem)} (${problem.hint})`,
    );
  if (problems.length > mostShown) lines.push(`and ${problems.length - mostShown} more`);
  return [`${fileName} has ${problems.length} problems:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function formatProblem({ line, column, what }: Problem): string {
  return `line ${line}, column ${column}: ${what}`;
}

/** `docker.registry.password`, `worker_resources[0].PROXY`; the whole file is "the file". */
export function formatKeyPath(path: KeyPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${showKey(key)}`;
  }
  return text === '' ? 'the file' : text;
}

function showKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(shorten(key));
}
