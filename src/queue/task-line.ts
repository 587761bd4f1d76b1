import type { Outcome } from '../job/outcome.js';

/**
 * What became of one task: a line of `outcomes/CREW.jsonl` in its fan-out job's directory. Lines count under the token
 * of the slice they belong to, in the order in which they stand: of a slice that was sealed, only the first so many.
 */
export interface TaskLine {
  readonly task: number;
  readonly token: string;
  /** How long its process ran, in milliseconds. */
  readonly ms: number;
  /** When it ended, in milliseconds since 1970 by the clock of its crew's host; lines of older crews lack it. */
  readonly at?: number;
  /** Left out: exit code 0. */
  readonly outcome?: Outcome;
  readonly worker?: number;
  /** Of a rank: which try of its gang it belongs to. */
  readonly gang?: string;
  /** Where what it printed is, if it printed anything. */
  readonly out?: PrintedAt;
  readonly err?: PrintedAt;
}

/** A person's word, in a file of outcomes of theirs: failures of a task that are not to count, by their reason. */
export interface Forgiven {
  readonly task: number;
  readonly forgive: Readonly<Record<string, number>>;
}

/** Bytes of the crew's pack from an offset on; or a file of its own. */
export type PrintedAt = readonly [offset: number, bytes: number] | { readonly bytes: number };

const success: Outcome = Object.freeze({ kind: 'exit', code: 0 });

export function outcomeOfLine({ outcome = success }: TaskLine): Outcome {
  return outcome;
}

export function formatTaskLine(line: TaskLine | Forgiven): string {
  return `${JSON.stringify(line)}\n`;
}

/** Whole lines; what is torn or not ours is passed over. */
export function parseTaskLines(text: string): (TaskLine | Forgiven)[] {
  const lines: (TaskLine | Forgiven)[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('{"task":')) continue;
    try {
      lines.push(JSON.parse(line) as TaskLine | Forgiven);
    } catch {
      // Torn by its writer's death: the task counts as not done.
    }
  }
  return lines;
}
