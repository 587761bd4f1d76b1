import { describeOutcome } from '../job/outcome.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { Place } from '../queue/places.js';
import { outcomeOfLine } from '../queue/task-line.js';
import { isFanOut } from '../queue/fan-out-book.js';
import type { Files } from '../system/files.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { FanOutReport } from './fan-outs.js';
import { findJob } from './find-job.js';
import { type HistoryLine, historyOf } from './history.js';
import type { Project } from './project.js';
import { duration, printable, say, sayJson } from './say.js';

/** Bytes of a job file that are shown. */
const shownBytes = 4096;

export function showCommand(project: Project, wanted: string, json: boolean): ExitCode {
  const files = filesFor(project);
  const places = findJob(project, files, wanted);
  const { job } = parseEntryName(places[0].entry);
  const history = historyOf(project, files, job);
  if (json)
    sayJson({
      project: project.name,
      job,
      places: places.map((place) => placeJson(project, files, place)),
      history,
      tasks: tasksJson(files, places[0]),
    });
  else sayJob(project, files, job, places, history);
  return exitCode.fine;
}

function logsOf(
  { layout }: Project,
  files: Files,
  entry: string,
): { out: string | null; err: string | null } {
  const present = (path: string): string | null => (files.size(path) === undefined ? null : path);
  return { out: present(layout.log(entry, 'out')), err: present(layout.log(entry, 'err')) };
}

function placeJson(
  project: Project,
  files: Files,
  { state, entry, path, crew }: Place,
): Record<string, unknown> {
  const { token, counts } = parseEntryName(entry);
  return {
    state,
    entry,
    token: token ?? null,
    failures: counts,
    crew: crew ?? null,
    path,
    logs: logsOf(project, files, entry),
  };
}

function sayJob(
  project: Project,
  files: Files,
  job: string,
  places: readonly [Place, ...Place[]],
  history: readonly HistoryLine[],
): void {
  say(`job ${printable(job)} in project "${project.name}"`);
  for (const { state, entry, path, crew } of places) {
    say(`  ${state}${crew === undefined ? '' : ` with crew ${crew}`}: ${printable(path)}`);
    const { out, err } = logsOf(project, files, entry);
    for (const log of [out, err]) if (log !== null) say(`    printed: ${printable(log)}`);
  }
  if (history.length > 0) say('  history');
  for (const line of history) say(`    ${printable(describeLine(line))}`);
  if (isFanOut(files, places[0])) sayTasks(files, places[0]);
  const inspected = files.inspect(places[0].path, shownBytes);
  if (inspected.kind !== 'file') return;
  say('  file');
  for (const line of Buffer.from(inspected.head).toString('utf8').replace(/\n$/, '').split('\n'))
    say(`    ${printable(line.replaceAll('\t', '  '))}`);
}

/** Failed tasks that are shown. */
const shownFailures = 10;

function tasksJson(files: Files, place: Place): Record<string, unknown> | null {
  if (!isFanOut(files, place)) return null;
  const report = new FanOutReport(files, place.path);
  const failures = report.failures.map((line) => ({
    task: line.task,
    input: report.inputOf(line.task) ?? null,
    outcome: outcomeOfLine(line),
    ms: line.ms,
  }));
  return { tasks: report.fanOut.tasks, done: report.done, failed: report.failed, failures };
}

function sayTasks(files: Files, place: Place): void {
  const report = new FanOutReport(files, place.path);
  const { fanOut, done, failed, failures } = report;
  say(`  command: ${printable(fanOut.shown)}`);
  say(`  tasks: ${fanOut.tasks}, of them ${done} done, ${failed} failed`);
  for (const line of failures.slice(0, shownFailures)) {
    const input = report.inputOf(line.task);
    const words = typeof input === 'string' ? input : (input ?? []).join(' ');
    say(`    task ${line.task} (${printable(words)}): ${printable(describeOutcome(outcomeOfLine(line)))}`);
  }
  if (failures.length > shownFailures) say(`    … and ${failures.length - shownFailures} more`);
}

function describeLine(line: HistoryLine): string {
  const when = line.time.slice(0, 19).replace('T', ' ');
  const token = parseEntryName(line.entry).token ?? '';
  if (line.event === 'start')
    return `${when}  ${token}  started by worker ${line.worker} of ${line.journal.replace(/\.jsonl$/, '')}`;
  const to = line.to === 'queue' ? ', goes back into the queue' : '';
  const ran = line.event === 'finish' ? ` after ${duration(line.ms / 1000)}` : '';
  return `${when}  ${token}  ${describeOutcome(line.outcome)}${ran}${to}`;
}
