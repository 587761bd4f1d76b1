// The figures of a scenario: one value of each in a round.
export class Sheet {
  #figures = new Map();
  /** What could not be measured, and why. */
  skipped = [];
  /** What figures are made of, as text. */
  notes = [];

  add(what, unit, value) {
    const figure = this.#figures.get(what) ?? { what, unit, values: [] };
    figure.values.push(value);
    this.#figures.set(what, figure);
  }

  skip(what, why) {
    if (!this.skipped.some((skipped) => skipped.what === what)) this.skipped.push({ what, why });
  }

  note(what, text) {
    this.notes.push({ what, text });
  }

  median(what) {
    const values = this.#figures.get(what)?.values;
    return values && median(values);
  }

  /** Of values of the same round, so that what slows down a whole round does not count; then the median. */
  ratio(what, other) {
    const [a, b] = [what, other].map((name) => this.#figures.get(name)?.values);
    return a && b && median(a.map((value, round) => value / b[round]));
  }

  /** `subject`: the figure whose ratio to each other one of its unit is wanted as well. */
  rows(subject) {
    const unit = this.#figures.get(subject)?.unit;
    return [...this.#figures.values()].map((figure) => ({
      ...figure,
      median: median(figure.values),
      min: Math.min(...figure.values),
      max: Math.max(...figure.values),
      ratio: figure.unit === unit && figure.what !== subject ? this.ratio(subject, figure.what) : undefined,
    }));
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percentile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

/** A figure and what it should be. What was not measured is undefined, and so is whether it was reached. */
export function atLeast(limit, what, figure, unit) {
  const reached = figure === undefined ? undefined : figure >= limit;
  return { goal: `${what} at least ${limit}`, limit, figure, unit, reached };
}

export function atMost(limit, what, figure, unit) {
  const reached = figure === undefined ? undefined : figure <= limit;
  return { goal: `${what} at most ${limit}`, limit, figure, unit, reached };
}
