import { watch } from 'node:fs';
import { basename } from 'node:path';

/**
 * A doorbell on a directory: rings with the name of what came, went or changed. It is a hint and never the truth: it
 * hears nothing of other hosts' changes, and may lose events. A sweep stands behind every doorbell.
 *
 * Node's own watcher and not chokidar: it costs nothing per file, and rings ten times sooner.
 */
export interface Doorbells {
  /** `event`: `rename` when a name came or went, `change` when its content did. Returns how to stop. */
  hang(directory: string, ring: (name: string | undefined, event: 'rename' | 'change') => void): () => void;
}

export const systemDoorbells: Doorbells = {
  hang(directory, ring) {
    const itself = basename(directory);
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        // The directory itself was touched: by us, before we listed it. (A file of its name is left to the sweeps.)
        if (name === itself) return;
        ring(name ?? undefined, event);
      });
      watcher.on('error', () => {
        watcher.close();
      });
      return () => {
        watcher.close();
      };
    } catch {
      // No watches left (or none here): the sweeps alone find everything, a little later.
      return () => undefined;
    }
  },
};
