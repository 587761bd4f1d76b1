import { type FanOut, type Shard, type TaskInput, keptPools } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import { formatInput, offsetStride } from './fan-out-inputs.js';
import { FanOutPaths, formatProgress } from './fan-out-paths.js';
import type { Layout } from './layout.js';
import { type Steps, append, create, list, mkdir, rename } from './steps.js';
import { longestName } from './entry-name.js';
import { checkJobName } from './submit-job.js';
import type { Token } from './token.js';

/** Bytes that its slices' names are longer than its own, and a token when it is tried again. */
const roomForSlices = 40;
/** Characters of inputs that are written at a time. */
const chunk = 1024 * 1024;

/** What the directory of a fan-out job that is being made begins with. */
export const fanOutDraftPrefix = '.fan-out-';

/** The directory of a fan-out job that is being made. What stands there already goes along. */
export function fanOutDraft(layout: Layout, token: Token): FanOutPaths {
  return new FanOutPaths(layout.queued(`${fanOutDraftPrefix}${token}`));
}

export type Submitted = { readonly kind: 'submitted'; readonly tasks: number } | { readonly kind: 'exists' };

/**
 * Submit a fan-out job: a directory with its inputs appears in the queue, whole.
 *
 * Atomic: the rename of a finished dot directory; one that holds anything is never replaced, so of two submissions of
 * one name the second is told so. A crash before it leaves a dot directory that nobody reads, and that `gc` removes.
 */
export function* submitFanOut(
  layout: Layout,
  name: string,
  what: Omit<FanOut, 'format' | 'tasks'>,
  inputs: Iterable<TaskInput | Shard>,
  token: Token,
): Steps<Submitted> {
  checkJobName(name);
  if (Buffer.byteLength(name) > longestName - roomForSlices)
    throw new FjrError('bad-job-name', `the name ${JSON.stringify(name)} is too long for a fan-out job`, {
      hint: `use at most ${longestName - roomForSlices} bytes, ending included`,
    });
  const draft = fanOutDraft(layout, token);
  for (const directory of [draft.directory, draft.outcomes, draft.sealed, draft.output])
    yield* mkdir(directory);
  if (keptPools(what).length > 0) yield* mkdir(draft.holders);
  if (what.shards?.listed === true) yield* mkdir(draft.shards);
  const tasks = yield* writeInputs(draft, inputs);
  if (tasks === 0) throw new FjrError('no-inputs', 'there are no inputs', { hint: 'give it at least one' });
  const fanOut: FanOut = { format: 1, tasks, ...what };
  yield* create(draft.file, `${JSON.stringify(fanOut, undefined, 2)}\n`);
  yield* create(draft.progress, formatProgress({ tasks, done: 0, failed: 0 }));
  yield* create(draft.cursor({ next: 0, slices: 0, draft: '' }), '');
  if (what.gang !== undefined) yield* create(draft.gang({ kind: 'open' }), '');
  if ((yield* list(layout.jobqueue))?.includes(name) === true) return { kind: 'exists' };
  const moved = yield* rename(draft.directory, layout.queued(name));
  if (moved === 'missing')
    throw new FjrError('submit', `the draft of "${name}" disappeared from ${layout.jobqueue}`, {
      hint: 'submit it again',
    });
  return moved === 'ok' ? { kind: 'submitted', tasks } : { kind: 'exists' };
}

/** A line for each input, and where every so manieth begins; and shards' files. Returns how many there are. */
function* writeInputs(paths: FanOutPaths, inputs: Iterable<TaskInput | Shard>): Steps<number> {
  let [tasks, bytes] = [0, 0];
  let lines = '';
  let offsets = '';
  for (const each of inputs) {
    const input = isShard(each) ? each.input : each;
    // The directory above keeps others out; in a container the reader may be anybody.
    if (isShard(each) && each.lines !== undefined)
      yield* create(paths.shard(each.input[2]), each.lines, 0o644);
    if (tasks % offsetStride === 0) offsets += `${bytes}\n`;
    const line = formatInput(input);
    tasks += 1;
    bytes += Buffer.byteLength(line);
    lines += line;
    if (lines.length < chunk) continue;
    yield* append(paths.inputs, lines);
    lines = '';
  }
  yield* append(paths.inputs, lines);
  yield* append(paths.offsets, offsets);
  return tasks;
}

function isShard(task: TaskInput | Shard): task is Shard {
  return typeof task === 'object' && 'input' in task;
}
