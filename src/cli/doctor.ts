import pc from 'picocolors';
import { type Mended, examine, mend } from '../doctor/examine.js';
import type { Finding, Level } from '../doctor/finding.js';
import type { DoctorSystem, Patient } from '../doctor/patient.js';
import { newToken } from '../queue/token.js';
import { readLockOwner, takeLock } from '../system/lock.js';
import { systemPremises } from '../system/premises.js';
import { clock, filesFor, thisHost, uid } from './compose.js';
import { examineHosts } from './doctor-hosts.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { Project } from './project.js';
import { plural, printable, say, sayJson } from './say.js';
import { version } from './version.js';

/** The library would colour what goes into files, too, wherever CI is set. */
const colors = process.stdout.isTTY ? pc : pc.createColors(false);

export interface DoctorOptions {
  readonly repair: boolean;
  readonly localOnly: boolean;
  readonly thorough: boolean;
  readonly json: boolean;
}

/** `fjr doctor`: what is wrong with a project, and what to do about it. */
export async function doctorCommand(project: Project, options: DoctorOptions): Promise<ExitCode> {
  const system = doctorSystem(project);
  const patient: Patient = { project: project.name, layout: project.layout, version, nonce: newToken() };
  const before = await examine(system, patient);
  const mended = options.repair ? await mend(before) : [];
  // What is left is told, and not what was believed before.
  const here = mended.length > 0 ? await examine(system, patient) : before;
  const abort = new AbortController();
  const there = options.localOnly
    ? []
    : await interruptible(abort, examineHosts(project, options.thorough, abort.signal));
  if (abort.signal.aborted) return exitCode.interrupted;
  const findings = [...here, ...there];
  if (options.json) sayJson(doctorJson(project, findings, mended));
  else sayExamination(project, findings, mended, options.repair);
  const failed =
    findings.some(({ level }) => level === 'fault') || mended.some(({ did }) => did === undefined);
  return failed ? exitCode.someFailed : exitCode.fine;
}

/** Ctrl-C ends the conversations with other hosts, and what was made for them is removed. */
async function interruptible<T>(abort: AbortController, work: Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => {
    abort.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work;
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}

function doctorSystem(project: Project): DoctorSystem {
  return {
    files: filesFor(project),
    host: thisHost(),
    clock,
    premises: systemPremises,
    uid,
    locks: {
      owner: readLockOwner,
      async release(path) {
        const lock = await takeLock(path, thisHost(), { onLost: () => undefined });
        if (lock.kind === 'mine') await lock.unlock();
        return lock.kind === 'mine';
      },
    },
  };
}

const marks: Readonly<Record<Level, string>> = {
  fine: colors.green('ok     '),
  note: colors.cyan('note   '),
  warning: colors.yellow('WARNING'),
  fault: colors.bold(colors.red('FAULT  ')),
};

function sayExamination(
  project: Project,
  findings: readonly Finding[],
  mended: readonly Mended[],
  repair: boolean,
): void {
  say(`project "${project.name}" in ${project.layout.root}, seen from ${printable(thisHost().name)}`);
  for (const finding of findings) if (finding.host === undefined) sayFinding(finding);
  const hosts = new Set(findings.flatMap(({ host }) => (host === undefined ? [] : [host])));
  for (const host of hosts) {
    say(`host [${printable(host)}]`);
    for (const finding of findings) if (finding.host === host) sayFinding(finding);
  }
  if (mended.length > 0) say('repaired');
  for (const { finding, did, failure } of mended)
    say(`  ${finding.check}: ${printable(did ?? `${failure ?? ''}: ${finding.what}`)}`);
  if (repair && mended.length === 0) say('There was nothing to repair.');
  say(summary(findings, repair));
}

function sayFinding({ check, level, what, hint }: Finding): void {
  say(`  ${marks[level]}  ${check.padEnd(13)}  ${printable(what)}`);
  if (hint !== undefined) say(`           ${colors.bold('hint')}: ${printable(hint)}`);
}

function summary(findings: readonly Finding[], repaired: boolean): string {
  const count = (wanted: Level): number => findings.filter(({ level }) => level === wanted).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  if (faults + warnings === 0) return 'Nothing is wrong.';
  const repairable = findings.filter(({ repair }) => repair !== undefined).length;
  const parts = [
    ...(faults > 0 ? [plural(faults, 'fault')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  const mending = repairable > 0 && !repaired ? `; --repair mends ${repairable} of what was found` : '';
  return `${parts.join(', ')}${mending}.`;
}

/** The shape of `fjr --json doctor`. */
function doctorJson(
  project: Project,
  findings: readonly Finding[],
  mended: readonly Mended[],
): Record<string, unknown> {
  return {
    project: project.name,
    directory: project.layout.root,
    host: thisHost().name,
    findings: findings.map(({ check, host, level, what, hint, repair }) => ({
      check,
      host: host ?? null,
      level,
      what,
      hint: hint ?? null,
      repairable: repair !== undefined,
    })),
    repaired: mended.map(({ finding, did, failure }) => ({
      check: finding.check,
      what: finding.what,
      did: did ?? null,
      failure: failure ?? null,
    })),
  };
}
