import type { FanOutPaths } from './fan-out-paths.js';
import { type Cursor, cursorName, sliceName } from './fan-out-paths.js';
import type { Layout } from './layout.js';
import { type Steps, create, list, rename, unlink } from './steps.js';

/**
 * Carve: tasks that no slice has become a slice, a job file of its own in the queue.
 *
 * Atomic: the rename of the cursor, whose name says what has been carved; of two who carve from one cursor one finds it
 * gone. The slice lies ready as a draft before it, and is moved into the queue after it. A crash before the rename leaves
 * a draft that nobody reads; a crash after it a draft that the cursor names: nobody carves before that is in the queue.
 */
export function* carveSlice(
  layout: Layout,
  fanOut: { readonly name: string; readonly paths: FanOutPaths },
  from: Cursor,
  to: Cursor,
  content: string,
): Steps<'carved' | 'overtaken'> {
  const { paths, name } = fanOut;
  const draft = paths.draft(to.draft);
  yield* create(draft, content);
  const moved = yield* rename(paths.cursor(from), paths.cursor(to));
  // Somebody else's cursor now, or ours, and the reply was lost.
  if (moved !== 'ok' && (yield* list(paths.directory))?.includes(cursorName(to)) !== true) {
    yield* unlink(draft);
    return 'overtaken';
  }
  yield* placeSlice(layout, name, paths, to);
  return 'carved';
}

/** Puts the newest slice into the queue, if who carved it did not come to that. */
export function* placeSlice(
  layout: Layout,
  name: string,
  paths: FanOutPaths,
  { draft, slices }: Cursor,
): Steps<'placed' | 'there'> {
  const moved = yield* rename(paths.draft(draft), layout.queued(sliceName(name, slices)));
  return moved === 'ok' ? 'placed' : 'there';
}
