import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { type ProjectFiles, jobOf } from '../rig/project-files.js';

/** What is no job in a pod: `crew.json`, badges, wishes to cancel. */
const furniture = /^(crew\.json|heartbeat|running|items|cancel=.*|.*-[0-9a-z]{8}\.\d+)$/;

/** Every file that stands for a job, wherever it lies: `done/a@k3f9q2m4n7.conf`. */
export function jobFiles(project: ProjectFiles): string[] {
  const directories = ['jobqueue', 'done', 'failed'];
  for (const pod of project.pods()) directories.push(`jobpods/${pod}`, `jobpods/${pod}/running`);
  return directories.flatMap((directory) =>
    namesIn(`${project.root}/${directory}`)
      .filter((name) => !name.startsWith('.') && !(directory.startsWith('jobpods/') && furniture.test(name)))
      .map((name) => `${directory}/${name}`),
  );
}

/** Invariant 1: each job lies in exactly one place. Only true to say while nobody else moves anything. */
export function faultsOfPlaces(project: ProjectFiles, jobs: readonly string[]): string[] {
  const slice = /^(.+)=\d+\.slice$/;
  // Slices come and go while the job they are of stays where it is.
  const files = jobFiles(project).filter((path) => !jobs.includes(slice.exec(jobAt(path))?.[1] ?? ''));
  const known = new Set(jobs);
  const strange = files.filter((path) => !known.has(jobAt(path)));
  const faults = jobs.flatMap((job) => {
    const places = files.filter((path) => jobAt(path) === job);
    return places.length === 1 ? [] : [`${job} is in ${places.length} places: ${places.join(', ')}`];
  });
  return strange.length === 0 ? faults : [...faults, `nobody submitted ${strange.join(', ')}`];
}

/** Everything that must hold when the work is done and the workers have gone. */
export function faultsAtTheEnd(
  project: ProjectFiles,
  expected: Readonly<Record<string, readonly ('done' | 'failed')[]>>,
): string[] {
  const faults = faultsOfPlaces(project, Object.keys(expected));
  const slices = jobFiles(project).filter((path) => path.endsWith('.slice'));
  if (slices.length > 0) faults.push(`slices are left: ${slices.join(', ')}`);
  for (const [job, places] of Object.entries(expected)) {
    if (!places.some((place) => project.jobs(place).includes(job)))
      faults.push(`${job} is not ${places.join(' or ')}`);
    const outcomes = project.outcomes(job);
    if (outcomes.length !== 1)
      faults.push(`${job} has ${outcomes.length} outcomes: ${JSON.stringify(outcomes)}`);
  }
  const pods = project.pods().filter((pod) => !isUnknownUnborn(project, pod));
  if (pods.length > 0) faults.push(`pods are left: ${pods.join(', ')}`);
  const scratch = project.journal().flatMap((line) => (line.event === 'born' ? [`logs/.${line.crew}`] : []));
  const left = scratch.filter((name) => existsSync(`${project.root}/${name}`));
  if (left.length > 0) faults.push(`output is left where nobody finds it: ${left.join(', ')}`);
  if (project.announced().length > 0) faults.push(`badges are left: ${project.announced().join(', ')}`);
  return [...faults, ...faultsOfPools(project)];
}

/**
 * Every item is at home, and no lock is left. But for a lock without a word of its owner, which may be a stranger's:
 * PROTOCOL.md leaves it alone for two minutes, longer than a round takes.
 */
function faultsOfPools(project: ProjectFiles): string[] {
  const pool = `${project.root}/resources/PROXY`;
  const names = namesIn(pool).filter(
    (name) => !name.endsWith('.lock') || namesIn(`${pool}/${name}`).length > 0,
  );
  return ['', 'one,two'].includes(names.sort().join()) ? [] : [`the pool PROXY holds ${names.join(', ')}`];
}

/**
 * A crew that died before it had said who it is: nobody can tell at once that it is dead, and a dispatcher that works
 * for as long as a lease (30 s) fences its pod. It never held anything.
 */
function isUnknownUnborn(project: ProjectFiles, pod: string): boolean {
  const crewFile = `${project.root}/jobpods/${pod}/crew.json`;
  return pod.startsWith('.') && (!existsSync(crewFile) || readFileSync(crewFile, 'utf8') === '');
}

function jobAt(path: string): string {
  return jobOf(path.slice(path.lastIndexOf('/') + 1));
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
