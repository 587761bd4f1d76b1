import { shorten } from '../shorten.js';
import { type Spec, type SpecParameter, parameterVariable } from './spec.js';

/** The variables that a spec's parameters become, or what is wrong with the values that were given. */
export type Checked =
  { readonly environment: Readonly<Record<string, string>> } | { readonly faults: readonly string[] };

/** Values of a request against what its spec asks for. Values that no parameter asks for are nobody's business. */
export function checkParameters(spec: Spec, values: ReadonlyMap<string, string>): Checked {
  const faults: string[] = [];
  const environment: [string, string][] = [];
  for (const parameter of spec.parameters) {
    const value = values.get(parameter.name);
    const result = value === undefined ? required(parameter) : checkValue(parameter, value);
    if ('fault' in result) faults.push(result.fault);
    else environment.push([parameterVariable(parameter.name), result.value]);
  }
  return faults.length > 0 ? { faults } : { environment: Object.fromEntries(environment) };
}

type CheckedValue = { readonly value: string } | { readonly fault: string };

function required({ name }: SpecParameter): CheckedValue {
  return { fault: `parameter '${shorten(name)}' is required but not set` };
}

/** Linux starts no program with a variable of more bytes, name and all. */
const longestVariable = 128 * 1024 - 1;

function checkValue({ name, type }: SpecParameter, text: string): CheckedValue {
  const wrong = (expected: string): CheckedValue => ({
    fault: `parameter '${shorten(name)}' has invalid value '${shorten(text)}' (expected ${expected})`,
  });
  const value = type === 'int' ? canonicalInteger(text) : text;
  if (value === undefined) return wrong('a whole number of 64 bits');
  if (value.includes('\0')) return wrong('text without NUL characters');
  if (/\p{Surrogate}/u.test(value)) return wrong('text that is Unicode');
  if (Buffer.byteLength(parameterVariable(name)) + 1 + Buffer.byteLength(value) >= longestVariable)
    return wrong('less than 128 KiB of text');
  return { value };
}

const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];

/** `+007` → `7`, as Go's strconv.Atoi reads it. */
function canonicalInteger(text: string): string | undefined {
  // Longer ones are out of range whatever they are, but for zeros before them.
  if (!/^[+-]?0*\d{1,19}$/.test(text)) return undefined;
  const number = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace(/^\+/, ''));
  return number >= least && number <= most ? String(number) : undefined;
}
