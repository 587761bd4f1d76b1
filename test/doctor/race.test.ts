import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeRenames } from '../../src/doctor/hosts/judge-host.js';
import { judgeRace, prizeNames, race } from '../../src/doctor/hosts/race.js';
import { systemClock } from '../../src/system/clock.js';
import { MountedFiles } from '../../src/system/files.js';

const files = new MountedFiles({ shared: false, fsync: false });
let directory: string;

beforeEach(() => {
  directory = mkdtempSync('/tmp/fjr-race-');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('a race', () => {
  test('wins what is there, in order, and nothing that somebody else has taken', () => {
    const [from, to] = [`${directory}/from`, `${directory}/to`];
    for (const one of [from, to]) mkdirSync(one);
    const prizes = prizeNames(4);
    for (const prize of ['prize-1', 'prize-3']) writeFileSync(`${from}/${prize}`, '');
    const won = race({ files, clock: systemClock, random: () => 0 }, prizes, from, to);
    expect(won).toEqual(['prize-1', 'prize-3']);
    expect(readdirSync(to).sort()).toEqual(['prize-1', 'prize-3']);
  });
});

describe('the judge of a race', () => {
  const prizes = ['a', 'b', 'c', 'd'];
  const side = (said: string, has = said): { said: string[]; has: string[] } => ({
    said: said.split(''),
    has: has.split(''),
  });

  test.for([
    [
      'each had one winner',
      'ac',
      'ac',
      'bd',
      'bd',
      'fine',
      /each had one winner \(2 here, 2 there, 3 turns\)/,
    ],
    ['two were told that they had won', 'abc', 'abc', 'cd', 'd', 'fault', /1 had two winners: c$/],
    ['one is in both places', 'ab', 'abc', 'cd', 'cd', 'fault', /1 had two winners: c$/],
    ['one is nowhere', 'ab', 'ab', 'c', 'c', 'fault', /1 are nowhere: d$/],
    [
      'a winner was told that it had lost',
      'a',
      'ab',
      'cd',
      'cd',
      'note',
      /1 winners were told that they had lost/,
    ],
  ] as const)('when %s', ([, nearSaid, nearHas, farSaid, farHas, level, what]) => {
    const verdict = judgeRenames(judgeRace(prizes, side(nearSaid, nearHas), side(farSaid, farHas)));
    expect(verdict).toMatchObject({ level, what: expect.stringMatching(what) });
  });
});
