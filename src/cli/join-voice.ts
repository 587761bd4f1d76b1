import { FjrError } from '../job/fjr-error.js';
import type { JoinEvent } from '../worker/api/joined-world.js';
import { printable, remark, say } from './say.js';

const ends: Readonly<Record<string, string>> = {
  finished: 'finished',
  error: 'failed',
  gone: 'stopped: its server does not want it from us any more',
  'given-back': 'given back',
};

/** What a worker says in its terminal that works for a server. */
export class JoinVoice {
  #lastTrouble = '';

  tell(event: JoinEvent): void {
    switch (event.kind) {
      case 'taken':
        say(`[fjr-worker] Job ${printable(event.id)}: I have it.`);
        return;
      case 'ended':
        say(`[fjr-worker] Job ${printable(event.id)}: ${ends[event.verdict] ?? event.verdict}.`);
        return;
      case 'refused':
        remark(`[fjr-worker] Job ${printable(event.id)} cannot be run here: ${printable(event.reason)}`);
        return;
      case 'away':
        remark(`[fjr-worker] The server does not answer (${printable(event.why)}): what runs goes on.`);
        return;
      case 'back':
        remark('[fjr-worker] The server answers again.');
        return;
      case 'trouble':
        this.#tellTrouble(event.id, event.error);
    }
  }

  #tellTrouble(id: string | undefined, error: unknown): void {
    const isOurs = !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError;
    const text = isOurs && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    const line = `[fjr-worker] ${id === undefined ? '' : `Job ${printable(id)}: `}${printable(text)}`;
    if (line === this.#lastTrouble) return;
    this.#lastTrouble = line;
    remark(line);
    if (error instanceof FjrError && error.hint !== undefined) remark(`hint: ${printable(error.hint)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
