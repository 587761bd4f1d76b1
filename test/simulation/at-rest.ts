import { type JournalLine, parseJournal } from '../../src/queue/journal.js';
import { badgeName, classifyPodFile, parseBadge, parsePodName } from '../../src/queue/layout.js';
import { filesBelow, namesIn } from '../model/memory-files.js';
import { layout } from '../model/verbs.js';
import { pool } from './dispatcher.js';
import { submissionPrefix } from './ledger.js';
import type { Setup } from './setup.js';
import type { World } from './world.js';

/** What must hold when everybody has done all there is to do. Returns what is wrong. */
export function faultAtRest(world: World, setup: Setup): string | undefined {
  return (
    faultOfJobs(world) ?? faultOfPods(world) ?? faultOfBadges(world, setup) ?? faultOfItems(world, setup)
  );
}

/** Invariant 1, looked at from the other side: all files there are. */
export function faultOfPlaces(world: World): string | undefined {
  const places = new Map<string, string[]>();
  for (const directory of [layout.jobqueue, layout.jobpods, layout.done, layout.failed])
    for (const [path, content] of filesBelow(world.ledger.tree, directory))
      if (content.startsWith(submissionPrefix) && !path.includes('/jobqueue/.'))
        places.set(content, [...(places.get(content) ?? []), path]);
  for (const submission of world.ledger.submissions) {
    const where = places.get(submission) ?? [];
    if (where.length !== 1) return `${submission} is in ${where.length} places: ${where.join(', ')}`;
  }
  return undefined;
}

function faultOfJobs({ ledger: { tree } }: World): string | undefined {
  const [waiting] = namesIn(tree, layout.jobqueue).filter((name) => !name.startsWith('.'));
  return waiting === undefined ? undefined : `${waiting} still waits`;
}

function faultOfPods(world: World): string | undefined {
  const { tree } = world.ledger;
  for (const name of namesIn(tree, layout.jobpods)) {
    const pod = parsePodName(name);
    if (pod?.kind !== 'live' || !world.isAlive(pod.crew)) return `the pod ${name} is left behind`;
    const paths = layout.pod(pod.crew);
    for (const file of namesIn(tree, paths.directory))
      // A mark that came too late goes with its pod, or at the next sweep.
      if (classifyPodFile(file).kind === 'entry') return `${file} is left in the pod ${name}`;
    const [held] = [...namesIn(tree, paths.running), ...namesIn(tree, paths.items)];
    if (held !== undefined) return `${held} is left in the pod ${name}`;
  }
  return undefined;
}

function faultOfBadges(world: World, { workers }: Setup): string | undefined {
  const { tree } = world.ledger;
  const offered = namesIn(tree, layout.workerqueue);
  for (const name of offered) {
    const badge = parseBadge(name);
    if (badge === undefined || !world.isAlive(badge.crew)) return `the badge ${name} is left behind`;
  }
  for (const { id } of world.crews)
    for (let worker = 1; worker <= workers; worker++) {
      const name = badgeName({ crew: id, worker });
      if (!offered.includes(name)) return `the worker ${name} is free, and not on offer`;
    }
  return undefined;
}

function faultOfItems({ ledger: { tree } }: World, { items }: Setup): string | undefined {
  const there = namesIn(tree, layout.pool(pool)).sort().join(', ');
  const wanted = Array.from({ length: items }, (_, index) => `x${index + 1}`).join(', ');
  return there === wanted ? undefined : `the pool holds ${there} instead of ${wanted}`;
}

type OutcomeLine = Extract<JournalLine, { outcome: unknown }>;

/**
 * What a reader of the journals makes of them: each outcome has a line that counts, namely one whose name stands there.
 * There may be a second that says the same: its writer was told that the filesystem had failed, and tried again.
 */
export function faultInJournals({ ledger: { tree }, habits }: World): string | undefined {
  const lines = [...filesBelow(tree, layout.journal).values()]
    .flatMap(parseJournal)
    .filter((line): line is OutcomeLine => 'outcome' in line);
  for (const to of ['done', 'failed'] as const) {
    const outcomes = new Map(namesIn(tree, layout[to]).map((entry) => [entry, new Set<string>()]));
    for (const line of lines.filter((one) => one.to === to)) {
      const told = outcomes.get(line.entry);
      if (told !== undefined) told.add(JSON.stringify(line.outcome));
      else if (habits.everyLineCounts) return `${line.entry} is said to be ${to}, and never was`;
    }
    for (const [entry, told] of outcomes)
      if (told.size !== 1) return `${entry} is ${to} with ${told.size} outcomes in the journals`;
  }
  return undefined;
}
