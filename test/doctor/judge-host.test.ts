import { describe, expect, test } from 'vitest';
import { judgeHost } from '../../src/doctor/hosts/judge-host.js';
import type { Measured } from '../../src/doctor/hosts/near-side.js';

const near = { type: 'nfs4', shared: true, patience: 5, sweep: 2.5 };
const well: Measured = {
  facts: {
    host: 'w1',
    node: 'v20.19.0',
    programs: ['tmux', 'screen', 'perl'],
    filesystem: { type: 'nfs4', shared: true },
    serverAhead: 0.1,
    hints: ['10.0.0.1:4000'],
  },
  visible: 0.02,
  visibleAtMost: 0.05,
  plain: 0.1,
  hint: 0.0004,
  hintsOn: true,
  race: { prizes: 200, near: 97, far: 103, turns: 60, doubled: [], lost: [], denied: [] },
};

/** What is not fine. */
function told(measured: Partial<Measured>, at = near): string[] {
  return judgeHost('host1', { ...well, ...measured }, at)
    .filter(({ level }) => level !== 'fine')
    .map(({ check, level, what }) => `${level} ${check}: ${what}`);
}

describe('the judgement of a host', () => {
  test('is fine where all is well, and names the host in each finding', () => {
    expect(told({})).toEqual([]);
    const findings = judgeHost('host1', well, near);
    expect(findings.map(({ host }) => host)).toEqual(findings.map(() => 'host1'));
    expect(findings.map(({ what }) => what)).toEqual([
      'nfs4',
      "within 2 s of the file server's",
      'tmux, screen, perl',
      'new files are seen after 0.02 s',
      '200 files were moved by both hosts at once, and each had one winner (97 here, 103 there, 60 turns)',
      'arrive (there and back in 0.4 ms)',
    ]);
  });

  test.for([
    [1.9, []],
    [
      -30,
      [
        "note clock: the clock is 30 s ahead of the file server's; jobs do not mind, but dates of logs may look odd",
      ],
    ],
    [
      600,
      [
        "warning clock: the clock is 10 min behind the file server's; jobs do not mind, but make, and who reads journals and logs, may be misled",
      ],
    ],
  ] as const)('of a clock that differs by %d s', ([serverAhead, expected]) => {
    expect(told({ facts: { ...well.facts, serverAhead } })).toEqual(expected);
  });

  test.for([
    ['late for ls only', { plain: 17.6 }, /^note visibility: ls there shows new files only after 17\.6 s/],
    ['not seen by ls', { plain: undefined }, /^note visibility: ls there shows new files not within 5 s/],
    ['late', { visible: 0.9, visibleAtMost: 1.2 }, /^note visibility: new files are seen after 0\.90 s/],
    [
      'very late',
      { visible: 3, visibleAtMost: 9 },
      /^warning visibility: .* after 3 s \(at most 9 s\): jobs start/,
    ],
    ['never seen', { visible: undefined }, /^fault visibility: a new file was not seen within 5 s$/],
    [
      'sometimes not seen',
      { visibleAtMost: undefined },
      /^fault visibility: .* not seen every time within 5 s$/,
    ],
  ] as const)('of new files that are %s', ([, measured, expected]) => {
    expect(told(measured)).toEqual([expect.stringMatching(expected)]);
  });

  test('of hints that do not arrive: only where they are of use', () => {
    const lost = { hint: undefined };
    expect(told(lost)).toEqual(['warning hints: do not arrive: a job starts up to 2.5 s later there']);
    expect(told({ ...lost, hintsOn: false })).toEqual([
      'note hints: switched off: what is new there is found by looking, up to 2.5 s later',
    ]);
    const facts = { ...well.facts, filesystem: { type: 'ext4', shared: false } };
    expect(told({ ...lost, facts }, { ...near, type: 'ext4', shared: false })).toEqual([]);
  });

  test('of a host that has the disk itself', () => {
    const facts = { ...well.facts, filesystem: { type: 'ext4', shared: false } };
    expect(told({ facts })).toEqual([expect.stringMatching(/^note filesystem: ext4 there and nfs4 here: /)]);
  });

  test('of a host without tmux, screen and perl', () => {
    expect(told({ facts: { ...well.facts, programs: [] } })).toEqual([
      'note programs: neither tmux nor screen: nobody can attach to crews; no perl: starting a job costs more',
    ]);
  });

  test('of a host that did not run the race', () => {
    expect(told({ race: undefined })).toEqual([
      'warning renames: renames could not be contested: no answer within 5 s',
    ]);
  });
});
