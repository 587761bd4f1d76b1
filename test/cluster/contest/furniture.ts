import type { CrewId } from '../../../src/queue/layout.js';
import { raisePod } from '../../../src/queue/raise-pod.js';
import { type Arena, contentOf } from './contest.js';

/** What a contestant says of its crew. */
export const crewFileContent = contentOf(0, 'a crew');

export function raise(arena: Arena, crew: CrewId, workers = 0): void {
  const born = arena.do(raisePod(arena.layout, crew, crewFileContent, workers));
  if (born !== 'born') throw new Error(`the pod of ${crew} was not born: ${born}`);
}
