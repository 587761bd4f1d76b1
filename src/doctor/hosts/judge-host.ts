import { type Finding, type Verdict, fault, fine, note, warning } from '../finding.js';
import { judgeClock } from '../judge-clock.js';
import { judgePrograms } from '../judge-programs.js';
import { some, time } from '../wording.js';
import type { Measured } from './near-side.js';
import type { RaceResult } from './race.js';

/** How this host sees the project's filesystem. */
export interface Near {
  readonly type: string;
  readonly shared: boolean;
  /** Seconds that each thing had to be seen. */
  readonly patience: number;
  /** Seconds after which a crew looks for new jobs if nothing tells it. */
  readonly sweep: number;
}

/** Seconds: more than this is felt; more than that is a nuisance. */
const felt = 0.5;
const slow = 2;

/** What a meeting with a host means. Pure. */
export function judgeHost(section: string, measured: Measured, near: Near): Finding[] {
  const { facts, race } = measured;
  const verdicts: Record<string, readonly Verdict[]> = {
    filesystem: judgeFilesystem(measured, near),
    clock: [judgeClock(facts.serverAhead, 'there')],
    programs: [judgePrograms(facts.programs)],
    visibility: judgeVisibility(measured, near),
    renames: [
      race === undefined ? unseen('renames could not be contested: no answer', near) : judgeRenames(race),
    ],
    hints: [judgeHints(measured, near)],
  };
  return Object.entries(verdicts).flatMap(([check, all]) =>
    all.map((verdict) => ({ check, host: section, ...verdict })),
  );
}

function judgeFilesystem({ facts }: Measured, near: Near): Verdict[] {
  const { type, shared } = facts.filesystem;
  if (shared === near.shared) return [fine(type)];
  const [local, remote] = shared ? [near.type, type] : [type, near.type];
  return [
    note(
      `${type} there and ${near.type} here: one has the disk, and looks as at one of its own (${local}), the other over the network (${remote})`,
      'no hints go between the two; what is new is found by looking',
    ),
  ];
}

function judgeVisibility({ visible, visibleAtMost, plain }: Measured, near: Near): Verdict[] {
  if (visible === undefined) return [unseen('a new file was not seen', near, 'fault')];
  if (visibleAtMost === undefined) return [unseen('a new file was not seen every time', near, 'fault')];
  const what = `new files are seen after ${time(visible)}`;
  const most = visibleAtMost > 2 * visible && visibleAtMost > felt ? ` (at most ${time(visibleAtMost)})` : '';
  const plainly = judgePlain(plain, near);
  const worst = visibleAtMost;
  if (worst <= felt) return [fine(what), ...plainly];
  const text = `${what}${most}: jobs start that much later there`;
  return [
    worst <= slow ? note(text) : warning(text, 'see whether the file server or the network is overloaded'),
    ...plainly,
  ];
}

function judgePlain(plain: number | undefined, { patience }: Near): Verdict[] {
  if (plain !== undefined && plain <= slow) return [];
  const after = plain === undefined ? `not within ${time(patience)}` : `only after ${time(plain)}`;
  return [
    note(
      `ls there shows new files ${after}, since its system remembers what it saw; fjr looks anew each time`,
    ),
  ];
}

function unseen(what: string, { patience }: Near, level: 'fault' | 'warning' = 'warning'): Verdict {
  const hint =
    'fjr doctor --thorough waits longer; mount options that switch caches off help (see the README)';
  return { ...(level === 'fault' ? fault : warning)(`${what} within ${time(patience)}`, hint) };
}

export function judgeRenames({ prizes, near, far, turns, doubled, lost, denied }: RaceResult): Verdict {
  const hint = 'fjr must not be used on this filesystem: set FJR_HOME to another';
  if (doubled.length > 0)
    return fault(
      `of ${prizes} files that both hosts moved, ${doubled.length} had two winners: ${some(doubled)}`,
      hint,
    );
  if (lost.length > 0)
    return fault(`of ${prizes} files that both hosts moved, ${lost.length} are nowhere: ${some(lost)}`, hint);
  const what = `${prizes} files were moved by both hosts at once, and each had one winner (${near} here, ${far} there, ${turns} turns)`;
  if (denied.length === 0) return fine(what);
  return note(`${what}; ${denied.length} winners were told that they had lost: fjr looks again`);
}

function judgeHints({ hint, hintsOn }: Measured, { shared, sweep }: Near): Verdict {
  if (hint !== undefined) return fine(`arrive (there and back in ${Number((hint * 1000).toFixed(1))} ms)`);
  if (!shared) return fine('not needed on this filesystem');
  if (!hintsOn)
    return note(
      `switched off: what is new there is found by looking, up to ${time(sweep)} later`,
      'unset FJR_HINTS on both hosts',
    );
  return warning(
    `do not arrive: a job starts up to ${time(sweep)} later there`,
    'let UDP through between the hosts, both ways, on all ports above 1023',
  );
}
