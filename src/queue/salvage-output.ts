import { parseHeartbeat } from './crew-file.js';
import type { CrewId, Layout } from './layout.js';
import { type Steps, list, read, rename, rmdir, size, unlink } from './steps.js';

/**
 * Keeps what a dead crew's jobs had printed: its scratch files become the logs of the executions that were writing
 * them, as far as its last heartbeat tells, and else logs of the worker. A convenience: nothing rests on it, and doing
 * it twice does nothing.
 */
export function* salvageOutput(layout: Layout, crew: CrewId): Steps<void> {
  const directory = layout.scratch(crew);
  const names = yield* list(directory);
  if (names === undefined) return;
  const heartbeat = yield* read(layout.fencedPod(crew).heartbeat);
  const running = heartbeat === undefined ? {} : (parseHeartbeat(heartbeat)?.running ?? {});
  for (const name of names) {
    const path = `${directory}/${name}`;
    const [worker = '', stream] = name.split('.');
    const isStream = stream === 'out' || stream === 'err';
    if (isStream && (yield* size(path)) > 0)
      yield* rename(path, layout.log(running[worker] ?? `${crew}.${worker}`, stream));
    else yield* unlink(path);
  }
  yield* rmdir(directory);
}
