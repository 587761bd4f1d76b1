import type { Slice } from '../../job/fan-out.js';
import type { Outcome } from '../../job/outcome.js';
import type { Served } from '../served.js';
import type { JobFiles } from './job-files.js';
import type { Held } from './remote-crew.js';
import { isRunCancelled, sliceOf } from './slices.js';
import type { Stage } from './stage.js';

/** What a worker says of a job that it has. */
export interface Word {
  readonly stage: Stage;
  /** For people. */
  readonly details: string;
  /** How it ended, where the worker says so exactly. */
  readonly ending: { readonly outcome: Outcome; readonly ms: number } | undefined;
  /** Of a slice: how many of its tasks ended, and failed. */
  readonly sliceEnd: SliceEnd | undefined;
}

export interface SliceEnd {
  readonly tasks: number;
  readonly failed: number;
  readonly ms: number;
}

/** Hears what a worker says. `gone`: the job is not, or no longer, its own, and is to be stopped. */
export async function hear(
  served: Served,
  files: JobFiles,
  held: Held,
  { stage, details, ending, sliceEnd }: Word,
): Promise<'ok' | 'gone'> {
  const { crew } = held;
  const slice = sliceOf(held);
  if (slice !== undefined) return hearOfSlice(served, files, held, slice, { stage, sliceEnd });
  if (crew.isCancelled(held)) {
    await end(files, held, { outcome: { kind: 'cancelled' }, ms: undefined });
    return 'gone';
  }
  noteDetails(served, held, stage, details);
  switch (stage) {
    case 'queued':
      // It gives the job back, which is nobody's fault.
      crew.giveBack(held);
      await files.discard(held);
      return 'ok';
    case 'finished':
      return end(files, held, ending ?? { outcome: { kind: 'exit', code: 0 }, ms: undefined });
    case 'error':
      return end(files, held, ending ?? { outcome: failureOf(details), ms: undefined });
    default:
      return crew.advance(held, stage) === 'ok' ? 'ok' : 'gone';
  }
}

/** Its tasks' lines are here already. */
async function hearOfSlice(
  served: Served,
  files: JobFiles,
  held: Held,
  slice: Slice,
  { stage, sliceEnd = nothing }: { readonly stage: Stage; readonly sliceEnd: SliceEnd | undefined },
): Promise<'ok' | 'gone'> {
  const { crew } = held;
  const isOver = stage === 'queued' || stage === 'finished' || stage === 'error';
  const isCancelled = isRunCancelled(served, slice);
  if (!isOver && !isCancelled) return crew.advance(held, stage) === 'ok' ? 'ok' : 'gone';
  await files.publishOutputs(held, slice);
  const how = { isComplete: stage === 'finished', isCancelled: isCancelled && !isOver };
  const ended = crew.finishSlice(held, slice, how, sliceEnd);
  return ended === 'fenced' || (isCancelled && !isOver) ? 'gone' : 'ok';
}

const nothing: SliceEnd = { tasks: 0, failed: 0, ms: 0 };

/** The commit comes first: what an execution has sent that does not count must not be put in anybody's place. */
async function end(
  files: JobFiles,
  held: Held,
  { outcome, ms }: { readonly outcome: Outcome; readonly ms: number | undefined },
): Promise<'ok' | 'gone'> {
  const { finished, target } = held.crew.finish(held, outcome, undefined, files.printedBy(held), ms);
  if (finished !== 'committed') return 'gone';
  // An execution that is to be tried again has printed something, too; its files are of no use.
  await (target.to === 'queue' ? files.keepLogs(held) : files.publish(held));
  return 'ok';
}

/** Bytes of an execution's standard error up to which what its worker says is added. */
const mostDetails = 1024 * 1024;

/** A worker may say something each second, for as long as its job runs. */
function noteDetails({ files, layout, clock }: Served, { entry }: Held, stage: Stage, details: string): void {
  if (details.trim() === '') return;
  const path = layout.log(entry, 'err');
  const room = mostDetails - (files.size(path) ?? 0);
  if (room <= 0) return;
  const line = Buffer.from(`${clock.timestamp()} ${stage}: ${details.trimEnd()}\n`);
  files.addTo(path, line.length < room ? line : Buffer.concat([line.subarray(0, room), noMore]));
}

const noMore = Buffer.from('\n[fjr: what the worker says from here on is left out]\n');

/** Its own fetcher writes the exit code somewhere in what it says, or nowhere. */
function failureOf(details: string): Outcome {
  const [, code] = /exit[ _]code:?\s*(\d{1,3})\b/i.exec(details) ?? [];
  return { kind: 'exit', code: Math.max(1, Number(code ?? 1)) };
}
