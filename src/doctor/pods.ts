import { type CrewFile, parseCrewFile } from '../queue/crew-file.js';
import { isIgnored } from '../queue/entry-name.js';
import { type Layout, type PodName, type PodPaths, classifyPodFile, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list, read } from '../queue/steps.js';
import type { Liveness, ProcessIdentity } from '../system/host.js';
import type { DoctorSystem } from './patient.js';

/** What a pod shows, whatever state it is in. */
export interface Pod {
  readonly name: PodName;
  readonly paths: PodPaths;
  /** Undefined: not written yet, or removed already. */
  readonly file: CrewFile | undefined;
  /** As far as this host can tell for certain. */
  readonly liveness: Liveness;
  readonly assigned: readonly string[];
  readonly running: readonly string[];
  readonly items: readonly string[];
}

export function pathsOf(layout: Layout, { kind, crew }: PodName): PodPaths {
  if (kind === 'live') return layout.pod(crew);
  return kind === 'fenced' ? layout.fencedPod(crew) : layout.unbornPod(crew);
}

/** All pods of a project. */
export function readPods(system: DoctorSystem, layout: Layout): Pod[] {
  return (perform(system.files, list(layout.jobpods)) ?? []).flatMap((text) => {
    const name = parsePodName(text);
    const pod = name === undefined ? undefined : readPod(system, layout, name);
    return pod === undefined ? [] : [pod];
  });
}

function readPod({ files, host }: DoctorSystem, layout: Layout, name: PodName): Pod | undefined {
  const paths = pathsOf(layout, name);
  const bytes = perform(files, read(paths.crewFile));
  const file = bytes === undefined ? undefined : parseCrewFile(bytes);
  const names = perform(files, list(paths.directory));
  // It has moved on meanwhile.
  if (names === undefined) return undefined;
  return {
    name,
    paths,
    file,
    liveness: file === undefined ? 'elsewhere' : host.judge(file),
    assigned: names.filter((one) => classifyPodFile(one).kind === 'entry' && !isIgnored(one)),
    running: perform(files, list(paths.running)) ?? [],
    items: perform(files, list(paths.items)) ?? [],
  };
}

export function guardianOf(file: CrewFile): ProcessIdentity {
  return { ...file, pid: file.guardianPid, started: file.guardianStarted };
}
