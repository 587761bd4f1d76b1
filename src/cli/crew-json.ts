import type { CrewReport } from '../recruiter/crews-here.js';
import { isStale } from '../recruiter/heartbeat-ages.js';
import { logFileOf } from '../recruiter/hire.js';
import { multiplexers } from '../system/multiplexer.js';
import type { Project } from './project.js';

/** The command line that shows what a crew prints. */
export function attachCommand(project: Project, { file }: CrewReport): string {
  const { kind, name } = file.session;
  // It is nobody's terminal.
  if (kind === 'http') return '';
  if (kind === 'slurm') return `tail -f ${project.layout.journal}/slurm-${name}.log`;
  return multiplexers[kind].attachCommand({ name, logFile: logFileOf(project.layout, file.host) });
}

/** Worker → what it runs, by the crew's newest heartbeat: for half a second a new job stands in nobody's place. */
export function whoDoesWhat({ file, heartbeat, running }: CrewReport): Map<number, string | undefined> {
  const work = new Map<number, string | undefined>();
  const present = new Set(running);
  for (let worker = 1; worker <= file.workers; worker++) {
    const entry = heartbeat?.running[worker];
    work.set(worker, entry !== undefined && present.has(entry) ? entry : undefined);
  }
  return work;
}

/** The shape of a crew in `--json` reports. `age`: seconds since its last heartbeat, where somebody looked. */
export function crewJson(project: Project, report: CrewReport, age?: number): Record<string, unknown> {
  const { crew, file, liveness, running, assigned } = report;
  return {
    id: crew,
    host: file.host,
    pid: file.pid,
    state: liveness,
    heartbeatAge: age === undefined ? null : Math.round(age * 10) / 10,
    stale: isStale(report, age),
    workers: [...whoDoesWhat(report)].map(([worker, entry]) => ({ worker, entry: entry ?? null })),
    cpus: file.cpus,
    memory: file.memory,
    gpus: file.gpus,
    lease: file.lease,
    born: file.born,
    version: file.version,
    running: [...running],
    assigned: [...assigned],
    session: { ...file.session, attach: attachCommand(project, report) },
  };
}
