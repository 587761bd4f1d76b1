import { FjrError } from '../job/fjr-error.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { create, read, rename } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';

/**
 * How hosts call themselves that answer to another name: an alias of ~/.ssh/config, an address, a port that leads into
 * a container. A hint, written at each hire, that spares asking all hosts where a crew may be.
 */
export class HostNames {
  readonly #files: Files;
  readonly #layout: Layout;

  constructor(files: Files, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** What the host at this address called itself when it was last asked. */
  of(address: string): string | undefined {
    return this.#read().get(address);
  }

  remember(address: string, host: string): void {
    const names = this.#read();
    if (names.get(address) === host) return;
    const draft = this.#layout.probe(newToken());
    try {
      const text = `${JSON.stringify(Object.fromEntries(names.set(address, host)), undefined, 1)}\n`;
      perform(this.#files, create(draft, text));
      perform(this.#files, rename(draft, this.#layout.hostNames));
    } catch (error) {
      // Only a hint.
      if (!(error instanceof FjrError)) throw error;
    }
  }

  #read(): Map<string, string> {
    try {
      const bytes = perform(this.#files, read(this.#layout.hostNames));
      const names = JSON.parse(Buffer.from(bytes ?? '{}').toString('utf8')) as Record<string, unknown>;
      const pairs = Object.entries(names).filter(([, host]) => typeof host === 'string');
      return new Map(pairs as [string, string][]);
    } catch {
      return new Map();
    }
  }
}
