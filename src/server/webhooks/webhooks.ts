import type { LiveIndex } from '../feed/live-index.js';
import type { Served } from '../served.js';
import type { ServerPaths } from '../server-paths.js';
import { asSoleServer, untilAborted } from '../sole-server.js';
import { Courier } from './courier.js';

/** Tells receivers of what ends. Of several servers one does so; two at once would only tell twice. */
export async function runWebhooks(served: Served, paths: ServerPaths, index: LiveIndex): Promise<void> {
  served.files.ensureDirectory(paths.webhooks);
  await asSoleServer(served, paths.webhooksLock, 'webhooks', async (over, isLost) => {
    await index.refresh();
    const couriers = served.webhooks.map((webhook) => new Courier(served, paths, index, webhook));
    await untilAborted(over);
    for (const courier of couriers) courier.close(isLost());
  });
}
