import type { LogStream } from '../queue/layout.js';
/** A line for people, on standard output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A report for programs. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** A remark beside the output. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Names come from anybody who can write a file: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** Standard output to ours, errors to ours; returns once they are on their way. */
export async function copyTo(stream: LogStream, bytes: Uint8Array): Promise<void> {
  const to = stream === 'out' ? process.stdout : process.stderr;
  await new Promise<void>((resolve) => {
    to.write(bytes, () => {
      resolve();
    });
  });
}
