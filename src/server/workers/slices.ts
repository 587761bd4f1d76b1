import type { FanOut, Slice, TaskInput } from '../../job/fan-out.js';
import { tasksIn } from '../../job/fan-out.js';
import { tokenOf } from '../../queue/entry-name.js';
import { FanOutInputs } from '../../queue/fan-out-inputs.js';
import { FanOutPaths, cancelMarkName, gangStateName, parseGangState } from '../../queue/fan-out-paths.js';
import { perform } from '../../queue/perform.js';
import { list, read } from '../../queue/steps.js';
import { parseTaskLines } from '../../queue/task-line.js';
import type { Served } from '../served.js';
import type { Held } from './remote-crew.js';

/** What a worker needs to know to run a slice. */
export interface SliceParts {
  readonly fanOut: FanOut;
  readonly inputs: readonly (readonly [task: number, input: TaskInput])[];
}

/** What of a run a crew writes: each is a file that only grows, and is the same here and on the crew's host. */
export const growing = ['lines', 'pack'] as const;
export type Growing = (typeof growing)[number];

export function sliceOf({ job }: Pick<Held, 'job'>): Slice | undefined {
  return job.command.kind === 'slice' ? job.command.slice : undefined;
}

/** Undefined: its run is gone, or was cancelled. */
export function partsOf({ files, layout }: Served, slice: Slice): SliceParts | undefined {
  const paths = pathsOf(layout, slice);
  const names = perform(files, list(paths.directory));
  const bytes = perform(files, read(paths.file));
  if (bytes === undefined || names?.includes(cancelMarkName) !== false) return undefined;
  const reader = new FanOutInputs(files, paths);
  const inputs: (readonly [number, TaskInput])[] = [];
  for (const [first, last] of slice.tasks) {
    const part = reader.read(first, last);
    if (part === undefined) return undefined;
    part.forEach((input, index) => inputs.push([first + index, input]));
  }
  return { fanOut: JSON.parse(Buffer.from(bytes).toString('utf8')) as FanOut, inputs };
}

export function isRunCancelled({ files, layout }: Served, slice: Slice): boolean {
  return perform(files, list(pathsOf(layout, slice).directory))?.includes(cancelMarkName) !== false;
}

/** What is decided of a gang: the name of its file, and what that holds. Undefined: it is gone, or no gang's. */
export function gangOf(
  { files, layout }: Served,
  slice: Slice,
): { readonly state: string; readonly content: string } | undefined {
  const paths = pathsOf(layout, slice);
  const state = parseGangState(perform(files, list(paths.directory)) ?? []);
  if (state === undefined) return undefined;
  const content = Buffer.from(perform(files, read(paths.gang(state))) ?? '').toString('utf8');
  return { state: gangStateName(state), content };
}

/** Whether these are whole lines that speak of tasks of this slice: a worker has no say about others. */
export function areLinesOf({ entry }: Held, slice: Slice, bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  if (text !== '' && !text.endsWith('\n')) return false;
  const lines = parseTaskLines(text);
  if (lines.length !== text.split('\n').length - 1) return false;
  const tasks = new Set(tasksIn(slice.tasks));
  return lines.every((line) => 'token' in line && line.token === tokenOf(entry) && tasks.has(line.task));
}

/** Adds what a crew's file has grown by. Returns the size that it has here if the new part does not begin there. */
export function grow(
  { files, layout }: Served,
  { crew }: Held,
  slice: Slice,
  what: Growing,
  offset: number,
  bytes: Uint8Array,
): { readonly size: number; readonly added: boolean } {
  const paths = pathsOf(layout, slice);
  const path = what === 'lines' ? paths.outcomesOf(crew.id) : paths.packOf(crew.id);
  const known = files.size(path);
  // All of the run's tasks have ended, or it was removed: nobody needs what is said again.
  if (known === undefined && !files.exists(paths.directory))
    return { size: offset + bytes.length, added: true };
  const size = known ?? 0;
  if (size !== offset) return { size, added: false };
  if (bytes.length > 0) files.addTo(path, bytes);
  return { size: size + bytes.length, added: true };
}

/** What a large output is called that a worker sends: as in the run's directory. */
export function outputName(slice: Slice, entry: string, name: string): string | undefined {
  const [, task, token, stream] = /^(\d{1,10})@([^.]+)\.(out|err)$/.exec(name) ?? [];
  const isIts = token === tokenOf(entry) && [...tasksIn(slice.tasks)].includes(Number(task));
  return isIts && stream !== undefined ? name : undefined;
}

/** Where that lies. */
export function outputPath({ layout }: Served, slice: Slice, name: string): string {
  return `${pathsOf(layout, slice).output}/${name}`;
}

function pathsOf(layout: Served['layout'], { of }: Slice): FanOutPaths {
  return new FanOutPaths(layout.queued(of));
}
