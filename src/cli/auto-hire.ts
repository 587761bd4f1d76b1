import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { FjrError } from '../job/fjr-error.js';
import { type ScaleEvent, type ScaleOptions, autoScale } from '../recruiter/auto-scale.js';
import { PilotSite } from '../recruiter/pilot-site.js';
import { clock, filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { HireOptions } from './hire.js';
import type { Project } from './project.js';
import { sayFaults, sitesOf } from './remote-hosts.js';
import { plural, printable, remark, say } from './say.js';

/** Seconds between two looks at the queue: a controller serves the whole cluster. */
const defaultInterval = 5;
/** Seconds without work after which a pilot goes: longer than most pauses between two jobs of one batch. */
export const defaultIdleExit = 60;

/** `fjr-recruiter hire --auto`: keeps as many pilots as the backlog needs, until it is interrupted. The pilots stay. */
export async function autoHire(
  project: Project,
  { directory, multiplexer, passed }: HireOptions,
  { interval = defaultInterval, idleExit = defaultIdleExit }: Partial<ScaleOptions> = {},
): Promise<ExitCode> {
  const sites = sitesOf(project, { directory, multiplexer, options: passed });
  sayFaults(sites?.faults ?? []);
  const scalable = (sites?.open ?? []).map(({ site }) => site).filter((site) => site instanceof PilotSite);
  if (scalable.length === 0)
    throw new FjrError(
      'remote-conf',
      `no section of ${project.layout.remoteConf} can be hired on automatically`,
      {
        hint: 'add one with `via: slurm`, and with `min` and `max`',
      },
    );
  for (const { name, plan } of scalable)
    say(
      `[fjr-recruiter] Host ${printable(name)}: ${plan.min} to ${plural(plan.max, 'pilot')}, as the backlog needs.`,
    );
  if (!existsSync(project.layout.dispatcherLock))
    remark(
      `hint: jobs are given out by fjr-dispatcher --project ${project.name} --keep-running; none runs now`,
    );
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      stop.abort();
    });
  const wait = async (milliseconds: number): Promise<void> => {
    await setTimeout(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
  };
  const system = { files: filesFor(project), clock, wait, report: tell };
  await autoScale(system, project.layout, scalable, { interval, idleExit }, () => stop.signal.aborted);
  say(
    '[fjr-recruiter] No more pilots will be submitted. Those that are there go when they are idle, or by "fire".',
  );
  return exitCode.interrupted;
}

function tell(event: ScaleEvent): void {
  const host = `[fjr-recruiter] Host ${printable(event.site)}:`;
  switch (event.kind) {
    case 'submitted':
      say(`${host} Submitted ${plural(event.ids.length, 'pilot')}: ${event.ids.join(', ')}.`);
      return;
    case 'withdrawn':
      say(
        `${host} Cancelled ${plural(event.ids.length, 'pilot')} that nobody needs any more: ${event.ids.join(', ')}.`,
      );
      return;
    case 'stillborn':
      remark(
        `${host} ${plural(event.ids.length, 'pilot')} failed at the start: ${event.ids.join(', ')}. The next try is in ${event.pause} s.`,
      );
      remark(`hint: see what it printed: ${printable(event.log)}`);
      return;
    case 'trouble':
      remark(`${host} ${printable(event.error.message)}.`);
      if (event.error.hint !== undefined) remark(`hint: ${printable(event.error.hint)}`);
  }
}
