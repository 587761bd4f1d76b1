import { createHash } from 'node:crypto';
import type { JobSummary } from '../feed/job-index.js';
import { jobJson } from '../feed/job-json.js';

/** What is to be told to one receiver. */
export interface Message {
  /** The same whichever server makes it, and however often: receivers know by it what they have heard. */
  readonly id: string;
  readonly body: string;
  /** What it is about, for whoever runs the server. */
  readonly about: string;
  readonly tries: number;
  /** When it is to be tried again; milliseconds since 1970. */
  readonly due: number;
}

export function makeMessage(job: JobSummary): Message {
  const type = `job.${job.state}`;
  const body = JSON.stringify({ type, timestamp: job.ended ?? job.changed, data: jobJson(job) });
  return { id: messageId(job), body, about: `${type} of ${job.name}`, tries: 0, due: 0 };
}

/** An id holds its execution's token, so that no two ends have one. */
export function messageId({ id, state }: Pick<JobSummary, 'id' | 'state'>): string {
  return `msg_${createHash('sha256').update(`${state} ${id}`).digest('hex').slice(0, 32)}`;
}
