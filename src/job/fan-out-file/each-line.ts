import { FjrError } from '../fjr-error.js';
import { shorten } from '../shorten.js';

/** A line of a file, and its number from 1. */
export interface NumberedLine {
  readonly text: string;
  readonly line: number;
}

export function inputError(source: string, line: number, what: string, hint?: string): FjrError {
  return new FjrError('bad-input', `${source}, line ${line}: ${what}`, hint === undefined ? {} : { hint });
}

/** Lines as they are, but for a byte order mark. `source` is for messages. */
export function* numberedLines(source: string, lines: Iterable<string>): Generator<NumberedLine> {
  let line = 0;
  for (const raw of lines) {
    line += 1;
    const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.includes('\0'))
      throw inputError(source, line, 'a NUL byte', 'no variable or argument can hold one');
    yield { text, line };
  }
}

/** A word on each line. Empty lines are none, and line ends may be Windows'. */
export function* eachLine(source: string, lines: Iterable<string>): Generator<string> {
  for (const { text } of numberedLines(source, lines)) {
    const word = withoutReturn(text);
    if (word !== '') yield word;
  }
}

export function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

export function quoted(text: string): string {
  return `"${shorten(text)}"`;
}
