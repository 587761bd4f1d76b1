/** A report with one thing wrong. */
export interface Mutant {
  readonly what: string;
  readonly value: unknown;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What may be missing: hints, and kinds of failures that never happened. */
const optional = /\.outcome\.hint$|\.failures\.[a-z-]+$/;

/** At every depth: each object with a property too many or one too few, and each value of a type that it never has. */
export function* mutantsOf(report: unknown): Iterable<Mutant> {
  for (const path of pathsOf(report as Json)) {
    const name = `.${path.join('.')}`;
    if (path.length > 0) {
      yield { what: `${name} is an odd object`, value: change(report, path, () => ({ odd: true })) };
      if (isObject(at(report, path.slice(0, -1))) && !optional.test(name))
        yield { what: `${name} is missing`, value: change(report, path, () => undefined) };
    }
    if (isObject(at(report, path)))
      yield {
        what: `${name} has an unknown property`,
        value: change(report, path, (value) => ({ ...(value as object), unknown: null })),
      };
  }
}

function* pathsOf(value: Json, path: readonly string[] = []): Iterable<readonly string[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) yield* pathsOf(child, [...path, key]);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

/** A copy in which one value is another; undefined: is gone. */
function change(report: unknown, path: readonly string[], make: (value: unknown) => unknown): unknown {
  const [last, ...way] = [...path].reverse();
  if (last === undefined) return make(report);
  const copy = structuredClone(report);
  const parent = at(copy, way.reverse()) as Record<string, unknown>;
  const value = make(parent[last]);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return copy;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
