import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import type { CrewFile } from '../../src/queue/crew-file.js';
import { HintLine } from '../../src/queue/hint.js';
import { Layout, makeCrewId } from '../../src/queue/layout.js';
import { sharedPace } from '../../src/queue/pace.js';
import type { Clock } from '../../src/system/clock.js';
import type { Helpers } from '../../src/system/helper.js';
import type { Host, ProcessIdentity } from '../../src/system/host.js';
import { Crew } from '../../src/worker/crew.js';
import { Starter } from '../../src/worker/starter.js';
import type { Actor } from './agenda.js';
import { type Share, SharedFiles, epoch, ownDisk } from './files.js';
import type { Network } from './network.js';

/** What hosts have in common. */
export interface Site {
  readonly share: Share;
  readonly network: Network;
}

export const layout = new Layout('/project');
/** Seconds. What a crew says on a network filesystem. */
const lease = 60;
/** What hints are sealed with. */
const key = '0'.repeat(64);
/** No shared filesystem tells of another host's changes. */
const silentDoorbells = { hang: () => ignore };

/** What a dispatcher may be like that is not alone, or not far from all crews. */
export interface DispatcherTraits {
  readonly id: string;
  /** Whether it has the lock. */
  readonly ownsLock: () => boolean;
  readonly judge: Host['judge'];
}

const usual: DispatcherTraits = {
  id: 'dispatcher-simulated',
  ownsLock: () => true,
  judge: () => 'elsewhere',
};

/** The dispatcher as it is, but for what is around it. */
export function makeDispatcher(
  { share, network }: Site,
  actor: Actor,
  random: () => number,
  { id, ownsLock, judge }: DispatcherTraits = usual,
): Dispatcher {
  const host = {
    name: 'd1',
    cpus: 1,
    memory: 0,
    identify: identityOn('d1'),
    judge,
    withEnvironment: () => [],
    isShared: () => true,
  };
  const system = {
    files: new SharedFiles(share, actor, 'dispatcher'),
    clock: clockOf(actor),
    host,
    doorbells: silentDoorbells,
    random,
    uid: 0,
    pace: sharedPace,
    ownsLock,
    hints: new HintLine(network.open(actor), key, id),
  };
  return new Dispatcher(system, {
    layout,
    id,
    order: 'natural',
    interval: 1,
    endWhenDone: false,
    report: ignore,
  });
}

/** A crew as it is, whose starter has modelled tasks to start. */
export function makeCrew(
  { share, network }: Site,
  actor: Actor,
  tasks: Helpers,
  host: number,
  workers: number,
): Crew {
  const id = makeCrewId(`host${host}`, String(host).padStart(8, '0'));
  const postbox = network.open(actor);
  const clock = clockOf(actor);
  const system = {
    files: new SharedFiles(share, actor, 'crews'),
    clock,
    doorbells: silentDoorbells,
    makeStarter: (events: ConstructorParameters<typeof Starter>[2]) => new Starter(tasks, [], events, ignore),
    signalName: String,
    findProgram: (name: string) => name,
    home: '/home',
    directory: '/home',
    gpuNames: [],
    fjr: ['fjr'],
    specRunner: [],
    containerScript: '/container.sh',
    ssh: undefined,
    ownDisk,
    pace: sharedPace,
    hints: new HintLine(postbox, key, id),
  };
  const file: CrewFile = {
    format: 1,
    id,
    version: 'simulated',
    ...identityOn(`host${host}`)(1),
    guardianPid: 1,
    guardianStarted: '',
    workers,
    cpus: workers,
    memory: 2 ** 38,
    gpus: 0,
    lease,
    session: { kind: 'none', name: '' },
    labels: [],
    hints: postbox.addresses,
    born: clock.timestamp(),
  };
  return new Crew(system, {
    layout,
    project: 'project',
    id,
    describe: () => file,
    report: ignore,
    endsAt: Infinity,
    idleExit: Infinity,
    nice: -20,
    hosts: undefined,
  });
}

function clockOf(actor: Actor): Clock {
  return {
    monotonic: () => actor.now,
    wall: () => epoch + actor.now,
    timestamp: () => new Date(epoch + actor.now).toISOString(),
  };
}

function identityOn(host: string): (pid: number) => ProcessIdentity {
  return (pid) => ({ host, bootId: host, pidNamespace: '', pid, started: '' });
}

function ignore(): void {
  // Nobody listens.
}
