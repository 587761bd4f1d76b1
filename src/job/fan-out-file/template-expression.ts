import { didYouMean } from '../did-you-mean.js';
import type { RunFacts } from './world.js';

/** What stands between `{{` and `}}`. */
export type Expression =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly field: keyof RunFacts }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly argument: Expression };

export type FunctionName = 'Env' | 'Exec' | 'Required';

const functionNames: readonly FunctionName[] = ['Env', 'Exec', 'Required'];
const fields: ReadonlyMap<string, keyof RunFacts> = new Map([
  ['.RunID', 'id'],
  ['.Project', 'project'],
  ['.User', 'user'],
  ['.Host', 'host'],
  ['.Date', 'date'],
]);
const known = [...functionNames, ...fields.keys()];
const howTo = 'known are Env "NAME", Exec "command", Env "NAME" | Required, ' + [...fields.keys()].join(', ');

/** A template that cannot be read, or not be carried out. */
export class TemplateError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Reads Go's template syntax, as far as a fan-out file has a use for it; throws TemplateError. */
export function parseExpression(source: string): Expression {
  const tokens = tokenize(source);
  if (tokens.length === 0) throw new TemplateError('{{ }} is empty', howTo);
  const parser = new Parser(tokens);
  const expression = parser.pipeline();
  const rest = parser.next();
  if (rest !== undefined) throw new TemplateError(`unexpected ${rest} in {{ }}`, howTo);
  return expression;
}

const tokenPattern = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|\.?[A-Za-z_]\w*|[|()]|\S)/gy;

function tokenize(source: string): string[] {
  return [...source.matchAll(tokenPattern)].map(([, token]) => token ?? '');
}

class Parser {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  next(): string | undefined {
    return this.#tokens[this.#position++];
  }

  #peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  /** `a | F` is `F a`. */
  pipeline(): Expression {
    let expression = this.#command();
    while (this.#peek() === '|') {
      this.next();
      expression = { kind: 'call', name: functionName(this.next()), argument: expression };
    }
    return expression;
  }

  #command(): Expression {
    const token = this.#peek();
    if (token === undefined || !/^[A-Za-z_]/.test(token)) return this.#operand();
    const name = functionName(this.next());
    const next = this.#peek();
    if (next === undefined || next === '|' || next === ')')
      throw new TemplateError(`${name} has no argument`, howTo);
    return { kind: 'call', name, argument: this.#operand() };
  }

  #operand(): Expression {
    const token = this.next();
    if (token === '(') {
      const inner = this.pipeline();
      if (this.next() !== ')') throw new TemplateError('a ) is missing in {{ }}');
      return inner;
    }
    if (token?.startsWith('`') === true && token.length > 1)
      return { kind: 'text', text: token.slice(1, -1) };
    if (token?.startsWith('"') === true && token.length > 1) return { kind: 'text', text: unquote(token) };
    const field = fields.get(token ?? '');
    if (field !== undefined) return { kind: 'field', field };
    throw unknown(token);
  }
}

function functionName(token: string | undefined): FunctionName {
  const name = functionNames.find((candidate) => candidate === token);
  if (name === undefined) throw unknown(token);
  return name;
}

function unknown(token: string | undefined): TemplateError {
  if (token === undefined) return new TemplateError('{{ }} ends too early', howTo);
  const near = /^\.?\w/.test(token) ? didYouMean(token, known) : undefined;
  return new TemplateError(
    `unknown ${token} in {{ }}`,
    near === undefined || near === token ? howTo : `did you mean ${near}?`,
  );
}

/** Go's escapes, those that JSON knows too. */
function unquote(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    throw new TemplateError(`${token} has an escape that is not known`, 'in backquotes, a \\ is a \\');
  }
}
