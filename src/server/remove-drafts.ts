import { type Steps, rename } from '../queue/steps.js';
import { carryOut } from '../queue/perform.js';
import { newToken } from '../queue/token.js';
import type { Desk } from './jobmgr-routes.js';
import type { ServerPaths } from './server-paths.js';

/** Milliseconds for which a draft may be under way: whoever makes one may be asleep, with its host, and go on. */
const patience = 24 * 3_600_000;

/**
 * Removes what servers have left that were killed while they made it: drafts of what they keep, and of what they have put
 * into the queue. None is taken for left before a day is over, by the file server's clock, so that servers of other hosts
 * lose nothing; if one of them slept for longer, what it makes is made anew.
 */
export async function removeDrafts(
  { served, paths }: Pick<Desk, 'served' | 'paths'>,
  now: number,
): Promise<void> {
  const { files, layout, durable, staging } = served;
  const isLeft = (path: string): boolean => (files.changedAt(path) ?? Infinity) < now - patience;
  for await (const names of served.listing(paths.directory))
    for (const name of names) {
      const path = `${paths.directory}/${name}`;
      if (!paths.isDraft(path) || !isLeft(path)) continue;
      const aside = await carryOut(durable, putAside(paths, path));
      if (aside !== undefined) await staging.remove(aside);
    }
  for await (const names of served.listing(layout.jobqueue))
    for (const name of names)
      if (isSubmission(name) && isLeft(layout.queued(name))) await staging.remove(layout.queued(name));
}

/** Whether this is a draft of a job that never came into the queue. */
export function isSubmission(name: string): boolean {
  return name.startsWith('.submit-');
}

/**
 * A draft gets another draft's name before it is removed. Whoever made it and wakes up now finds it whole, under its name,
 * or not at all: a directory that is half empty could be taken for a whole one. Undefined: it is gone.
 */
export function* putAside(paths: ServerPaths, path: string): Steps<string | undefined> {
  const aside = paths.draft(newToken());
  return (yield* rename(path, aside)) === 'ok' ? aside : undefined;
}
