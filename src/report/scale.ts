/** From a value to a place in the drawing. */
export type Scale = (value: number) => number;

/** What a scale spans: values, or places. */
export type Span = readonly [from: number, to: number];

export function linearScale([low, high]: Span, [from, to]: Span): Scale {
  const factor = high > low ? (to - from) / (high - low) : 0;
  return (value) => from + (Math.min(high, Math.max(low, value)) - low) * factor;
}

/** Equal factors are equally far apart. `low` is above zero; what lies below it is drawn there. */
export function logScale([low, high]: Span, places: Span): Scale {
  const scale = linearScale([Math.log(low), Math.log(high)], places);
  return (value) => scale(Math.log(Math.max(low, value)));
}

/** Round numbers from 0 to `high`, about so many. `least`: the smallest step that makes sense. */
export function linearTicks(high: number, about: number, least = 0): number[] {
  const rough = Math.max(high / about, least);
  if (!(rough > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough * 0.999) ?? 10;
  return stepsIn([0, high], Math.max(least, factor * power));
}

/** Durations that people call round, in milliseconds; and the rounder ones among them. */
const roundDurations = [
  ...[0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 5, 10].map((hours) => hours * 3_600_000),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((days) => days * 86_400_000),
];
const rounderDurations = [
  1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 864e5, 864e6, 864e7,
];

/** Round durations within a span, about so many: equal steps if it is narrow. */
export function durationTicks([low, high]: Span, about: number): number[] {
  const within = (ticks: readonly number[]): number[] => ticks.filter((tick) => tick >= low && tick <= high);
  const round = within(roundDurations);
  if (round.length > about) return within(rounderDurations);
  return round.length > 2 ? round : stepsIn([low, high], linearTicks(high - low, about / 2)[1] ?? high - low);
}

/** Milliseconds between two ticks of a time axis, and the unit in which they are told. */
const timeSteps = [
  { unit: 'milliseconds', ms: 1, steps: [1, 2, 5, 10, 20, 50, 100, 200] },
  { unit: 'seconds', ms: 1000, steps: [0.5, 1, 2, 5, 10, 15, 30] },
  { unit: 'minutes', ms: 60_000, steps: [1, 2, 5, 10, 15, 30] },
  { unit: 'hours', ms: 3_600_000, steps: [1, 2, 3, 6, 12] },
  { unit: 'days', ms: 86_400_000, steps: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
] as const;

export interface TimeTicks {
  readonly unit: string;
  /** At so many milliseconds from the beginning, and the number that stands there. */
  readonly ticks: readonly { readonly ms: number; readonly text: string }[];
}

/** Ticks for a time of so many milliseconds, at most so many of them besides zero. */
export function timeTicks(length: number, most: number): TimeTicks {
  for (const { unit, ms, steps } of timeSteps)
    for (const step of steps) {
      if (length / (step * ms) > most) continue;
      const places = stepsIn([0, length], step * ms);
      return { unit, ticks: places.map((place) => ({ ms: place, text: String(place / ms) })) };
    }
  return { unit: 'days', ticks: [{ ms: 0, text: '0' }] };
}

/** Multiples of a step within a span. */
function stepsIn([low, high]: Span, step: number): number[] {
  const ticks: number[] = [];
  // By numbers and not by adding, which would add up errors of rounding.
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-6; index += 1)
    ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}
