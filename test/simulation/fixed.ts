import { withToken } from '../../src/queue/entry-name.js';
import { list, rename } from '../../src/queue/steps.js';
import { queueVerbs } from '../model/verbs.js';
import { right } from './habits.js';
function* assign(layout: any, name: string, token: any, crew: any): any {
  const entry = withToken(name, token);
  const pod = layout.pod(crew);
  if ((yield* rename(layout.queued(name), pod.entry(entry))) === 'ok') return { kind: 'assigned', entry };
  const names = yield* list(pod.directory);
  if (names === undefined) return { kind: 'pod-gone' };
  if (names.includes(entry)) return { kind: 'assigned', entry };
  const running = (yield* list(pod.running)) ?? [];
  return running.includes(entry) ? { kind: 'assigned', entry } : { kind: 'job-gone' };
}
export const fixed = { ...right, verbs: { ...queueVerbs, assign } };
