import { isIgnored } from './entry-name.js';
import { type CrewId, type Layout, classifyPodFile } from './layout.js';
import { type Steps, list, rmdir, unlink } from './steps.js';

/**
 * Bury: the directory of a fenced pod goes away, once it holds nothing that anybody could miss.
 *
 * Atomic: `rmdir`, which refuses a directory that holds anything. Never recursively: a dispatcher that resolved the
 * pod's path before it was fenced may still put an entry into it. `rmdir running` comes first, so that no late start
 * can land there; `not-empty` sends the caller back to return what has come. A crash leaves a pod with less furniture,
 * which anybody buries.
 */
export function* buryPod(layout: Layout, crew: CrewId): Steps<'buried' | 'not-empty'> {
  const pod = layout.fencedPod(crew);
  for (const directory of [pod.running, pod.items])
    if ((yield* rmdir(directory)) === 'not-empty') return 'not-empty';
  for (const name of (yield* list(pod.directory)) ?? []) {
    const { kind } = classifyPodFile(name);
    // What is hidden there, say an editor's swap file, is nobody's job.
    if (kind === 'entry' && !isIgnored(name)) return 'not-empty';
    yield* unlink(pod.entry(name));
  }
  return (yield* rmdir(pod.directory)) === 'not-empty' ? 'not-empty' : 'buried';
}
