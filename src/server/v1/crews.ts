import type { z } from '@hono/zod-openapi';
import { parseHeartbeat } from '../../queue/crew-file.js';
import { parseEntryName } from '../../queue/entry-name.js';
import { fanOutOf, fanOutSuffix } from '../../queue/fan-out-paths.js';
import type { PodPaths } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import { Breather } from '../feed/breather.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { BusyCrew } from '../feed/pod-watch.js';
import type { Served } from '../served.js';
import type { crewsShape } from './shapes.js';

type CrewJson = z.infer<typeof crewsShape>['crews'][number];
type BusyJson = CrewJson['busy'][number];

/** Crews as the index has them, and which of their workers is busy with what. */
export async function crewsJson(served: Served, index: LiveIndex): Promise<CrewJson[]> {
  const breather = new Breather(served.clock);
  const crews: CrewJson[] = [];
  for (const { crew, host, workers, cpus, memory, gpus, running } of index.busyCrews) {
    const busy = busyWith(served, index, crew, running);
    const free = Math.max(0, workers - busy.length);
    crews.push({ crew, host, workers, free, busy, cpus, memory, gpus });
    await breather.breathe();
  }
  return crews;
}

function busyWith(
  served: Served,
  index: LiveIndex,
  crew: BusyCrew['crew'],
  running: readonly string[],
): BusyJson[] {
  const pod = served.layout.pod(crew);
  let beat: ReadonlyMap<string, number> | undefined;
  return running
    .map((id) => {
      const job = index.find(id);
      const known = job?.id === id ? job : undefined;
      const { job: name } = parseEntryName(id);
      const of = fanOutOf(name);
      return {
        // A crew's journal tells at once who does a job. Who does a share of a run's tasks, its heartbeat tells in time.
        worker: known?.worker ?? (beat ??= workersOf(served, pod)).get(id) ?? null,
        id,
        name: of?.endsWith(fanOutSuffix) === true ? of : name,
        since: known?.started ?? timeOf(served, pod.runningEntry(id)),
      };
    })
    .sort((a, b) => (a.worker ?? Infinity) - (b.worker ?? Infinity));
}

/** By entry, as the crew's newest heartbeat has it. */
function workersOf({ files }: Served, pod: PodPaths): Map<string, number> {
  const bytes = perform(files, read(pod.heartbeat));
  const { running = {} } = (bytes === undefined ? undefined : parseHeartbeat(bytes)) ?? {};
  return new Map(Object.entries(running).map(([worker, entry]) => [entry, Number(worker)]));
}

/** When it was moved there. */
function timeOf({ files }: Served, path: string): string | null {
  const at = files.movedAt(path);
  return at === undefined ? null : new Date(at).toISOString();
}
