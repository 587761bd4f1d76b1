import { type TaskRange, parseSlice } from '../job/fan-out.js';
import { parseEntryName } from '../queue/entry-name.js';
import { fanOutOf } from '../queue/fan-out-paths.js';
import { type CrewId, type Layout, PodPaths, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list, read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Crews, PodEntries } from './crews.js';

/** A slice that has not ended. */
export interface LiveSlice {
  /** Undefined: it waits in the queue. */
  readonly crew: CrewId | undefined;
  /** Where it is, or is in a moment. */
  readonly paths: readonly string[];
}

/** What every pod holds, fenced ones included. */
export function* entriesOfAllPods(
  files: Files,
  layout: Layout,
  crews: Crews,
): Generator<PodEntries & { readonly crew: CrewId | undefined; readonly pod: PodPaths }> {
  for (const name of perform(files, list(layout.jobpods)) ?? []) {
    const at = `${layout.jobpods}/${name}`;
    // It may have been fenced since.
    for (const pod of [new PodPaths(at), new PodPaths(`${at}.fenced`)]) {
      const entries = crews.entriesIn(pod);
      if (entries === undefined) continue;
      yield { ...entries, pod, crew: parsePodName(name)?.crew };
      break;
    }
  }
}

/** All slices that have not ended, by their fan-out jobs. */
export function findSlices(files: Files, layout: Layout, crews: Crews): Map<string, LiveSlice[]> {
  const found = new Map<string, LiveSlice[]>();
  const note = (entry: string, slice: LiveSlice): void => {
    const of = fanOutOf(parseEntryName(entry).job);
    if (of === undefined) return;
    const known = found.get(of);
    if (known === undefined) found.set(of, [slice]);
    else known.push(slice);
  };
  const queue = (): void => {
    for (const name of perform(files, list(layout.jobqueue)) ?? [])
      note(name, { crew: undefined, paths: [layout.queued(name)] });
  };
  queue();
  for (const { crew, pod, assigned, running } of entriesOfAllPods(files, layout, crews))
    for (const entry of [...assigned, ...running])
      note(entry, { crew, paths: [pod.entry(entry), pod.runningEntry(entry)] });
  // What goes back moves from a pod to the queue.
  queue();
  return found;
}

/** By slice that has started, the host of the crew that has it. */
export function hostsOfSlices(
  files: Files,
  layout: Layout,
  crews: Crews,
  live: readonly CrewId[],
): Map<string, string> {
  const hosts = new Map<string, string>();
  for (const crew of live) {
    const file = crews.learn(crew)?.file;
    if (file === undefined) continue;
    const host = file.remote?.address ?? file.host;
    for (const entry of perform(files, list(layout.pod(crew).running)) ?? [])
      hosts.set(parseEntryName(entry).job, host);
  }
  return hosts;
}

/** Tasks of these slices; undefined: one has gone elsewhere meanwhile. */
export function tasksOfSlices(files: Files, slices: readonly LiveSlice[]): TaskRange[] | undefined {
  const tasks: TaskRange[] = [];
  for (const { paths } of slices) {
    const slice = firstSlice(files, paths);
    if (slice === undefined) return undefined;
    tasks.push(...slice.tasks);
  }
  return tasks;
}

function firstSlice(files: Files, paths: readonly string[]): ReturnType<typeof parseSlice> {
  for (const path of paths) {
    const content = perform(files, read(path));
    if (content !== undefined) return parseSlice(content);
  }
  return undefined;
}
