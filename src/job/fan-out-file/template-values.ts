import { shorten } from '../shorten.js';
import { type Expression, type FunctionName, TemplateError, parseExpression } from './template-expression.js';
import type { Template } from './templates.js';
import type { FanOutFileWorld } from './world.js';

/** What a template became. */
export interface TemplateValue {
  readonly text: string;
  /** Whether it came from the environment or from a command, so that it may be a password. */
  readonly secret: boolean;
}

/** Carries templates out, each once: a scalar that aliases repeat does not run its command again. */
export class TemplateValues {
  readonly #world: FanOutFileWorld;
  readonly #known = new Map<Template, TemplateValue | TemplateError>();

  constructor(world: FanOutFileWorld) {
    this.#world = world;
  }

  /** The error says why there is no value. */
  of(template: Template): TemplateValue | TemplateError {
    let value = this.#known.get(template);
    if (value === undefined) this.#known.set(template, (value = this.#carryOut(template)));
    return value;
  }

  #carryOut({ source }: Template): TemplateValue | TemplateError {
    try {
      if (source === undefined)
        throw new TemplateError('{{ is not closed on its line', 'for the characters {{ write {{ "{{" }}');
      return evaluate(parseExpression(source), this.#world);
    } catch (error) {
      if (error instanceof TemplateError) return error;
      throw error;
    }
  }
}

function evaluate(expression: Expression, world: FanOutFileWorld): TemplateValue {
  switch (expression.kind) {
    case 'text':
      return { text: expression.text, secret: false };
    case 'field':
      return { text: world.run[expression.field], secret: false };
    case 'call':
      return call(expression.name, expression.argument, world);
  }
}

function call(name: FunctionName, argument: Expression, world: FanOutFileWorld): TemplateValue {
  const value = evaluate(argument, world);
  switch (name) {
    case 'Env':
      return { text: world.environment(value.text) ?? '', secret: true };
    case 'Exec':
      return { text: execute(value.text, world), secret: true };
    case 'Required':
      if (value.text === '') throw new TemplateError(`${describe(argument)} is empty`, demand);
      return value;
  }
}

const demand = 'a value is required here: set it, or leave out "| Required"';

function describe(expression: Expression): string {
  if (expression.kind !== 'call') return 'what is required';
  const { name, argument } = expression;
  return argument.kind === 'text' ? `${name} ${JSON.stringify(argument.text)}` : name;
}

function execute(line: string, world: FanOutFileWorld): string {
  const { failure, stdout, stderr } = world.execute(line);
  if (failure !== undefined) {
    const said = stderr.trim();
    throw new TemplateError(
      `Exec ${JSON.stringify(line)} failed with ${failure}`,
      said === '' ? 'it said nothing on stderr' : `it said: ${shortenLines(said)}`,
    );
  }
  // What a shell's $( ) does: passwords are printed with a line end that is not theirs.
  return stdout.replace(/(\r?\n)+$/, '');
}

/** The end of what a command said is where the reason stands. */
function shortenLines(text: string): string {
  const lines = text.split('\n').map((line) => shorten(line.trimEnd()));
  return (lines.length > 10 ? ['…', ...lines.slice(-10)] : lines).join('\n');
}
