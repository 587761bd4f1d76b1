import { type HistoryLine, historyOf as linesOf } from '../queue/job-history.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

export type { HistoryLine } from '../queue/job-history.js';

/** What the journals say of one job, oldest first. */
export function historyOf({ layout }: Project, files: Files, job: string): HistoryLine[] {
  const lines = [...linesOf(files, layout, job)].flat();
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}
