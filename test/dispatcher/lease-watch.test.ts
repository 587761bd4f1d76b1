import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type HeartbeatLook,
  type LeaseWatch,
  beatsPerLease,
  watchLease,
} from '../../src/dispatcher/lease-watch.js';

type Watch = typeof watchLease;

/** For each look, whether it judges the crew stale. */
function judge(looks: readonly HeartbeatLook[], lease: number, watch: Watch = watchLease): boolean[] {
  let before: LeaseWatch | undefined;
  return looks.map((look) => {
    const { watch: next, stale } = watch(before, look, lease);
    before = next;
    return stale;
  });
}

/** A rule of watchLease taken out: what the looker missed does not matter to it. */
function withoutGapRule(
  before: LeaseWatch | undefined,
  look: HeartbeatLook,
  lease: number,
): ReturnType<Watch> {
  return watchLease(before === undefined ? undefined : { ...before, last: look.asked }, look, lease);
}

/** … nor does it matter how long a look took. */
function withoutSlowRule(
  before: LeaseWatch | undefined,
  look: HeartbeatLook,
  lease: number,
): ReturnType<Watch> {
  return watchLease(before, { ...look, answered: look.asked }, lease);
}

/** … nor that it failed. */
function withoutErrorRule(
  before: LeaseWatch | undefined,
  look: HeartbeatLook,
  lease: number,
): ReturnType<Watch> {
  return look.content === undefined ? { watch: before, stale: false } : watchLease(before, look, lease);
}

const lease = fc.integer({ min: 10, max: 300 });
/** Beats between two looks of a dispatcher that is awake: the reaper looks a little more often than a crew beats. */
const awake = fc.double({ min: 0.8, max: 1.2, noNaN: true });

/** Something that goes wrong with the looking. */
type Trouble = { readonly kind: 'sleep' | 'slow'; readonly beats: number } | { readonly kind: 'error' };
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ kind: fc.constant('sleep' as const), beats: fc.double({ min: 2.1, max: 1000, noNaN: true }) }),
  fc.record({ kind: fc.constant('slow' as const), beats: fc.double({ min: 1.1, max: 1000, noNaN: true }) }),
  fc.record({ kind: fc.constant('error' as const) }),
);

/** Stretches of good looking, each shorter than the lease, with trouble between them. */
const troubled = fc.array(fc.record({ looks: fc.array(awake, { minLength: 1, maxLength: 8 }), trouble }), {
  minLength: 1,
  maxLength: 20,
});

/**
 * What a dispatcher sees that is asleep again and again, or whose file server is away, and whose crews slept with it:
 * the content stands still, and nobody is dead.
 */
function troubledLooks(
  spans: readonly { looks: readonly number[]; trouble: Trouble }[],
  beat: number,
): HeartbeatLook[] {
  const seen: HeartbeatLook[] = [];
  let time = 0;
  for (const span of spans) {
    for (const beats of span.looks) {
      time += beats * beat;
      seen.push({ content: '{"beat":7}', asked: time, answered: time + 1 });
    }
    if (span.trouble.kind === 'sleep') time += span.trouble.beats * beat;
    else if (span.trouble.kind === 'error')
      seen.push({ content: undefined, asked: time, answered: time + 1 });
    else {
      seen.push({ content: '{"beat":7}', asked: time, answered: time + span.trouble.beats * beat });
      time += span.trouble.beats * beat;
    }
  }
  return seen;
}

function neverStaleUnderTrouble(watch: Watch): fc.IProperty<unknown> {
  return fc.property(lease, troubled, (seconds, spans) => {
    const looks = troubledLooks(spans, (seconds * 1000) / beatsPerLease);
    expect(judge(looks, seconds, watch)).not.toContain(true);
  });
}

describe('a dispatcher that slept, or whose looks erred or were slow', () => {
  test('never judges a crew stale for it', () => {
    fc.assert(neverStaleUnderTrouble(watchLease), { numRuns: 2000 });
  });

  test.each([
    ['a gap', withoutGapRule],
    ['a slow look', withoutSlowRule],
    ['an error', withoutErrorRule],
  ])('would, if %s did not start the looking over', (_, mutant) => {
    expect(fc.check(neverStaleUnderTrouble(mutant), { numRuns: 2000 }).failed).toBe(true);
  });
});

test('a crew whose heartbeat changes at least once in a lease is never stale, however the looks fall', () => {
  const step = fc.record({
    gap: fc.double({ min: 0, max: 3, noNaN: true }),
    took: fc.double({ min: 0, max: 3, noNaN: true }),
  });
  fc.assert(
    fc.property(
      lease,
      fc.array(step, { maxLength: 100 }),
      fc.double({ min: 0.01, max: 9.9, noNaN: true }),
      (seconds, steps, every) => {
        const beat = (seconds * 1000) / beatsPerLease;
        let time = 0;
        const looks = steps.map(({ gap, took }) => {
          const asked = time + gap * beat;
          time = asked + took * beat;
          return { content: String(Math.floor(asked / (every * beat))), asked, answered: time };
        });
        expect(judge(looks, seconds)).not.toContain(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a silent crew is stale after its lease, not before, and not much later', () => {
  fc.assert(
    fc.property(lease, fc.array(awake, { minLength: 20, maxLength: 20 }), (seconds, gaps) => {
      const beat = (seconds * 1000) / beatsPerLease;
      let time = 1e6;
      const looks = gaps.map((beats) => {
        time += beats * beat;
        return { content: 'same', asked: time, answered: time + 1 };
      });
      const first = looks[0]!.answered;
      const verdicts = judge(looks, seconds);
      const judged = looks[verdicts.indexOf(true)]?.asked ?? Infinity;
      expect(judged - first).toBeGreaterThanOrEqual(seconds * 1000);
      expect(judged - first).toBeLessThan(seconds * 1000 + 3 * beat);
    }),
  );
});

test('stale says exactly: enough looks, over the whole lease, each quick, close to the last, and all alike', () => {
  const step = fc.record({
    gap: fc.double({ min: 0, max: 2.3, noNaN: true }),
    took: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1.05, noNaN: true })),
    content: fc.oneof(
      { weight: 40, arbitrary: fc.constant('a') },
      { weight: 1, arbitrary: fc.constantFrom('b', undefined) },
    ),
  });
  fc.assert(
    fc.property(lease, fc.array(step, { maxLength: 60 }), (seconds, steps) => {
      const beat = (seconds * 1000) / beatsPerLease;
      let time = 0;
      const looks = steps.map(({ gap, took, content }) => {
        const asked = time + gap * beat;
        time = asked + took * beat;
        return { content, asked, answered: time };
      });
      expect(judge(looks, seconds)).toEqual(
        looks.map((_, index) => isStaleAt(looks.slice(0, index + 1), seconds)),
      );
    }),
    { numRuns: 2000 },
  );
});

/** The rule, said of all looks so far at once. */
function isStaleAt(looks: readonly HeartbeatLook[], seconds: number): boolean {
  const beat = (seconds * 1000) / beatsPerLease;
  const good = ({ content, asked, answered }: HeartbeatLook): boolean =>
    content !== undefined && answered - asked <= beat;
  const last = looks.at(-1)!;
  let start = looks.length - 1;
  if (!good(last)) return false;
  for (; start > 0; start--) {
    const [before, here] = [looks[start - 1]!, looks[start]!];
    if (!good(before) || before.content !== last.content || here.asked - before.answered > 2 * beat) break;
  }
  return looks.length - start >= beatsPerLease && last.asked - looks[start]!.answered >= seconds * 1000;
}
