import { describe, expect, test } from 'vitest';
import { type Scene, decide } from '../../src/recruiter/auto-scale.js';

const calm: Scene = { need: 0, waiting: 0, present: 0, workersPerPilot: 4, min: 0, max: 5, quiet: false };

describe('How many pilots come', () => {
  test.for<[string, Partial<Scene>, { lasting?: number; passing?: number; withdraw?: number }]>([
    ['nothing to do', {}, {}],
    ['one job needs one pilot', { need: 1 }, { passing: 1 }],
    ['as many jobs as a pilot has workers', { need: 4 }, { passing: 1 }],
    ['one more', { need: 5 }, { passing: 2 }],
    ['more than max would do', { need: 1000 }, { passing: 5 }],
    ['some are there', { need: 1000, present: 3 }, { passing: 2 }],
    ['all are there', { need: 1000, present: 5 }, {}],
    ['more than max are there', { need: 1000, present: 7 }, {}],
    ['those on their way suffice', { need: -3, waiting: 1, present: 1 }, {}],
    ['min without work', { min: 2 }, { lasting: 2 }],
    ['min counts for the backlog', { min: 2, need: 8 }, { lasting: 2 }],
    ['min and more', { min: 2, need: 9 }, { lasting: 2, passing: 1 }],
    ['min is there', { min: 2, present: 2, need: 1 }, { passing: 1 }],
    ['one of min has ended', { min: 2, present: 1 }, { lasting: 1 }],
    ['quiet, with some in the queue', { quiet: true, waiting: 2, present: 3 }, { withdraw: 2 }],
    ['quiet, and min is kept', { quiet: true, waiting: 2, present: 3, min: 2 }, { withdraw: 1 }],
    ['quiet, and all are at work', { quiet: true, present: 3 }, {}],
    ['max is nought', { need: 5, max: 0 }, {}],
  ])('%s', ([, scene, decision]) => {
    expect(decide({ ...calm, ...scene })).toEqual({ lasting: 0, passing: 0, withdraw: 0, ...decision });
  });
});
