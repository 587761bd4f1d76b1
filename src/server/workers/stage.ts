/** How far a job is, in DECODE's words. */
export const stages = [
  'queued',
  'pulled',
  'preprocessing',
  'running',
  'postprocessing',
  'finished',
  'error',
] as const;
export type Stage = (typeof stages)[number];

/** The later of two: a job goes forward only, and what a worker says may arrive twice, or late. */
export function later(a: Stage, b: Stage): Stage {
  return stages.indexOf(a) < stages.indexOf(b) ? b : a;
}
