import type { JobSummary } from './job-index.js';

/** As clients read it: what is not known is null, and nothing is left out. */
export type JobJson = {
  readonly [key in keyof JobSummary]:
    Exclude<JobSummary[key], undefined> | (undefined extends JobSummary[key] ? null : never);
};

export function jobJson(job: JobSummary): JobJson {
  const { id, name, kind, state, changed, started, ended, crew, host, worker, outcome } = job;
  return {
    ...{ id, name, kind, state, changed },
    started: started ?? null,
    ended: ended ?? null,
    crew: crew ?? null,
    host: host ?? null,
    worker: worker ?? null,
    outcome: outcome ?? null,
  };
}
