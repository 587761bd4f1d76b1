import type { CrewId, Layout } from './layout.js';
import { type Steps, list } from './steps.js';

/**
 * Whether a crew's pod is there. A missing file inside a pod has two meanings, "moved on" and "the pod was fenced";
 * only the pod itself can tell them apart. Pods are never made anew under an old name, so "no" is for ever.
 */
export function* podAnswers(layout: Layout, crew: CrewId): Steps<boolean> {
  return (yield* list(layout.pod(crew).directory)) !== undefined;
}
