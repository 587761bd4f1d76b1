import { type CrewFile, type Heartbeat, parseCrewFile, parseHeartbeat } from '../queue/crew-file.js';
import { isIgnored } from '../queue/entry-name.js';
import { type CrewId, type Layout, classifyPodFile, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list, read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Host, Liveness } from '../system/host.js';

/** What a pod shows of its crew. */
export interface CrewReport {
  readonly crew: CrewId;
  readonly file: CrewFile;
  /** As far as this host can tell at once: crews of other hosts are judged by their lease, which takes time. */
  readonly liveness: Liveness;
  readonly assigned: readonly string[];
  readonly running: readonly string[];
  readonly heartbeat: Heartbeat | undefined;
}

/** All crews of a project that have a pod. */
export function reportCrews(files: Files, host: Host, layout: Layout): CrewReport[] {
  const reports: CrewReport[] = [];
  for (const name of perform(files, list(layout.jobpods)) ?? []) {
    const pod = parsePodName(name);
    if (pod?.kind !== 'live') continue;
    const report = unlessGone(files, layout, name, () => reportCrew(files, host, layout, pod.crew));
    if (report !== undefined) reports.push(report);
  }
  return reports;
}

/**
 * What comes of looking at a pod; undefined if it failed because the pod was renamed or buried meanwhile. Some file
 * servers then answer with an error for whatever was in it (GlusterFS: ESTALE, and once more when asked again).
 */
export function unlessGone<T>(files: Files, layout: Layout, pod: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (perform(files, list(layout.jobpods))?.includes(pod) === true) throw error;
    return undefined;
  }
}

function reportCrew(files: Files, host: Host, layout: Layout, crew: CrewId): CrewReport | undefined {
  const pod = layout.pod(crew);
  const bytes = perform(files, read(pod.crewFile));
  const file = bytes === undefined ? undefined : parseCrewFile(bytes);
  const names = perform(files, list(pod.directory));
  if (file === undefined || names === undefined) return undefined;
  const heartbeat = perform(files, read(pod.heartbeat));
  return {
    crew,
    file,
    liveness: host.judge(file),
    assigned: names.filter((name) => classifyPodFile(name).kind === 'entry' && !isIgnored(name)),
    running: perform(files, list(pod.running)) ?? [],
    heartbeat: heartbeat === undefined ? undefined : parseHeartbeat(heartbeat),
  };
}

/** Whether a crew runs on this very host. */
export function isHere(report: CrewReport): boolean {
  return report.liveness !== 'elsewhere';
}
