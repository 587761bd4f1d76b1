import { type Finding, fault, fine } from '../finding.js';
import { FjrError } from '../../job/fjr-error.js';
import type { Layout } from '../../queue/layout.js';
import type { Premises } from '../../system/premises.js';
import { type Near, judgeHost } from './judge-host.js';
import { Meeting } from './meeting.js';
import { type Leading, type Measured, type NearSystem, endMeeting, meet } from './near-side.js';
import { time } from '../wording.js';

/** A host that can be asked to come to a meeting. */
export interface FarHost {
  readonly section: string;
  /** Starts the far side, `seconds` at most; resolves when it has ended. Undefined: it went well. */
  readonly call: (
    meeting: string,
    seconds: number,
  ) => Promise<{ readonly reason: string; readonly hint: string } | undefined>;
}

export interface HostSystem extends NearSystem {
  readonly premises: Premises;
}

/** Seconds that a far side has to wait for its turn, for each host that is examined with it; and for its own. */
const turn = 5;
const margin = 20;

/** What is the same for all hosts of an examination. */
export interface Round {
  readonly layout: Layout;
  readonly near: Near;
  readonly hosts: number;
  readonly inTurn: Leading['inTurn'];
}

/** Meets one host, and says what came of it. `name`: of the meeting. Leaves nothing behind. */
export async function examineHost(
  system: HostSystem,
  { layout, near, hosts, inTurn }: Round,
  name: string,
  host: FarHost,
): Promise<Finding[]> {
  const meeting = new Meeting(layout, name);
  const start = system.clock.monotonic();
  try {
    for (const directory of meeting.directories) system.files.ensureDirectory(directory);
    let gone = false;
    const call = host.call(name, 6 * near.patience + margin + hosts * turn).finally(() => (gone = true));
    const leading = { patience: near.patience, isGone: () => gone, inTurn };
    const { measured, failure } = await lead(system, meeting, leading, call);
    if (measured === undefined || failure !== undefined)
      return [connection(host, fault(failure?.reason ?? 'no answer', failure?.hint))];
    const { facts } = measured;
    const what = `is ${facts.host}, with Node ${facts.node}; examined in ${time((system.clock.monotonic() - start) / 1000)}`;
    return [connection(host, fine(what)), ...judgeHost(host.section, measured, near)];
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    return [connection(host, fault(error.message, error.hint))];
  } finally {
    system.premises.remove(meeting.directory);
  }
}

/** Whatever comes of a meeting, the far host is told that it is over, and has ended when this does. */
async function lead(
  system: HostSystem,
  meeting: Meeting,
  leading: Leading,
  call: ReturnType<FarHost['call']>,
): Promise<{ measured: Measured | undefined; failure: Awaited<ReturnType<FarHost['call']>> }> {
  let measured: Measured | undefined;
  try {
    measured = await meet(system, meeting, leading);
  } finally {
    endMeeting(system, meeting);
    await call;
  }
  return { measured, failure: await call };
}

function connection({ section }: FarHost, verdict: Omit<Finding, 'check' | 'host'>): Finding {
  return { check: 'connection', host: section, ...verdict };
}

/** Lets one at a time work, in the order in which they ask. */
export function turns(): Leading['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
