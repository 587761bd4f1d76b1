import type { Outcome } from '../job/outcome.js';
import type { Verdict } from './layout.js';

/** Where an execution's entry went. `queue`: back, to be tried again. */
export type Destination = Verdict | 'queue';

/**
 * One line of `journal/WRITER.jsonl`. A line says what its writer *meant* to do next: it counts only if the rename it
 * announces happened, which the name in `done`, `failed` or `jobqueue` shows.
 */
export type JournalLine =
  | { readonly event: 'start'; readonly time: string; readonly entry: string; readonly worker: number }
  | {
      /** `worker` 0: no worker was needed to refuse it. */
      readonly event: 'finish';
      readonly time: string;
      readonly entry: string;
      readonly worker: number;
      readonly to: Destination;
      readonly outcome: Outcome;
      /** How long the process ran. */
      readonly ms: number;
      /** Which of its streams printed something. */
      readonly printed: readonly ('out' | 'err')[];
    }
  | {
      /** A dispatcher's word about an entry that no worker finished: turned away, or lost too often. */
      readonly event: 'verdict';
      readonly time: string;
      readonly entry: string;
      readonly to: Destination;
      readonly outcome: Outcome;
    }
  | {
      /** A share of a fan-out job's tasks is done: of each there is a line in that job's `outcomes`. */
      readonly event: 'slice';
      readonly time: string;
      readonly entry: string;
      readonly worker: number;
      readonly tasks: number;
      readonly failed: number;
      readonly ms: number;
    }
  | {
      /** A host of `workers.file` cannot be reached, or can be again. */
      readonly event: 'host';
      readonly time: string;
      readonly host: string;
      readonly workers: readonly number[];
      /** What ssh says; absent: it can be reached. */
      readonly away?: string;
    }
  | {
      readonly event: 'born' | 'left' | 'fenced' | 'buried';
      readonly time: string;
      readonly crew: string;
      readonly why?: string;
    };

export function formatJournalLine(line: JournalLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Lines of a journal's text; a last line that is torn (its writer died) is passed over, and so is what is not ours. */
export function parseJournal(text: string): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('{"event":"')) continue;
    try {
      lines.push(JSON.parse(line) as JournalLine);
    } catch {
      // Torn by the writer's death: what it announced did not happen.
    }
  }
  return lines;
}
