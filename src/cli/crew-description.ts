import type { CrewFile } from '../queue/crew-file.js';
import type { CrewId } from '../queue/layout.js';
import { clock, thisHost } from './compose.js';
import { version } from './version.js';

/** What a crew says of itself beside which process it is. */
export type CrewOffer = Pick<
  CrewFile,
  'workers' | 'cpus' | 'memory' | 'gpus' | 'lease' | 'session' | 'labels' | 'only' | 'hints'
>;

/** `crew.json` of a crew of this process. */
export function describeCrew(id: CrewId, guardianPid: number, offer: CrewOffer): CrewFile {
  const host = thisHost();
  const { workers, cpus, memory, gpus, lease, session, labels, only, hints } = offer;
  return {
    format: 1,
    id,
    version,
    ...host.identify(process.pid),
    guardianPid,
    guardianStarted: host.identify(guardianPid).started,
    ...{ workers, cpus, memory, gpus, lease, session, labels },
    ...(only === undefined ? {} : { only }),
    hints,
    born: clock.timestamp(),
  };
}
