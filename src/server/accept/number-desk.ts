import { carryOut } from '../../queue/perform.js';
import type { DurableFiles } from '../../system/durable-files.js';
import { claimNumbers } from '../claim-numbers.js';
import type { ServerPaths } from '../server-paths.js';

interface Asker {
  readonly resolve: (number: number) => void;
  readonly reject: (reason: unknown) => void;
}

/** Gives out the numbers of jobs. Those who ask while numbers are being claimed share the next claim. */
export class NumberDesk {
  readonly #files: DurableFiles;
  readonly #paths: ServerPaths;
  #asking: Asker[] = [];
  #isClaiming = false;

  constructor(files: DurableFiles, paths: ServerPaths) {
    this.#files = files;
    this.#paths = paths;
  }

  async next(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      if (!this.#isClaiming) void this.#claim();
    });
  }

  async #claim(): Promise<void> {
    this.#isClaiming = true;
    // Requests that came together are read one after the other.
    await new Promise(setImmediate);
    while (this.#asking.length > 0) {
      const askers = this.#asking;
      this.#asking = [];
      try {
        const first = await carryOut(this.#files, claimNumbers(this.#paths, 'job', askers.length));
        askers.forEach(({ resolve }, index) => {
          resolve(first + index);
        });
      } catch (error) {
        for (const { reject } of askers) reject(error);
      }
    }
    this.#isClaiming = false;
  }
}
