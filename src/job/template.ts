/**
 * Command templates of one-shot runs: `convert {} {.}.png` with one script for each input. Inputs never become part of
 * the script's text where a shell could read them: they are its positional parameters, set on a line of their own, and
 * each placeholder becomes a reference that is quoted as its surroundings demand.
 */

/** One input: the values of `{1}`, `{2}` … and its number, from 1. */
export interface TemplateInput {
  readonly values: readonly string[];
  readonly sequence: number;
}

/** A command as typed: one word is a shell's command line, several are a program and its exact arguments. */
export type CommandTemplate = readonly string[];

/** `parallel`: `{}` and its kin. `shell`: `$1`, `$2` …, as in `fjr run --exe`. */
export type PlaceholderStyle = 'parallel' | 'shell';

const placeholders: Readonly<Record<PlaceholderStyle, RegExp>> = {
  parallel: /\{(?:#|(\d{1,3})?(\.|\/\/?|\/\.)?)\}/y,
  shell: /\$(?:(\d)|\{(\d{1,3})\})/y,
};

/** The lines of a script that runs a command for one input. */
export function renderTemplate(
  template: CommandTemplate,
  style: PlaceholderStyle,
  input: TemplateInput,
  appendUnused = true,
): string {
  const parameters = new Parameters(input);
  const single = template.length === 1;
  const rendered = template.map((word) =>
    single ? renderShell(word, style, parameters) : renderWord(word, style, parameters),
  );
  const unused = appendUnused ? parameters.unused(style) : [];
  const appended = unused.map((value) => parameters.reference(value));
  const command = [...rendered, ...appended.map((reference) => `"${reference}"`)].join(' ');
  const values = parameters.values.map(quote).join(' ');
  return `${values === '' ? '' : `set -- ${values}\n`}${command}\n`;
}

/** A word with its placeholders replaced: an argument exactly as it is passed, for no shell to read. */
export function replacePlaceholders(word: string, { values, sequence }: TemplateInput): string {
  return word.replaceAll(/\{(?:#|(\d{1,3})?(\.|\/\/?|\/\.)?)\}/g, (match, number?: string, how?: string) => {
    if (match === '{#}') return String(sequence);
    const value = number === undefined ? values.join(' ') : values[Number(number) - 1];
    return value === undefined ? match : transform(value, how);
  });
}

/** Whether a template refers to its input at all. */
export function hasPlaceholder(template: CommandTemplate): boolean {
  return template.some((word) => /\{(?:#|\d{0,3}(?:\.|\/\/?|\/\.)?)\}/.test(word));
}

/** A word that a POSIX shell reads as exactly this text. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The script's positional parameters, each value once. */
class Parameters {
  readonly values: string[] = [];
  readonly #input: TemplateInput;
  readonly #used = new Set<number>();
  #anyUsed = false;

  constructor(input: TemplateInput) {
    this.#input = input;
  }

  reference(value: string): string {
    let index = this.values.indexOf(value);
    if (index < 0) index = this.values.push(value) - 1;
    return `\${${index + 1}}`;
  }

  /** The reference for a placeholder; undefined if it names an input that is not there. */
  resolve(style: PlaceholderStyle, match: RegExpExecArray): string | undefined {
    if (style === 'shell') return this.#shell(Number(match[1] ?? match[2]));
    if (match[0] === '{#}') return this.reference(String(this.#input.sequence));
    const number = match[1] === undefined ? undefined : Number(match[1]);
    const value = number === undefined ? this.#input.values.join(' ') : this.#input.values[number - 1];
    if (value === undefined) return undefined;
    this.#anyUsed = true;
    return this.reference(transform(value, match[2]));
  }

  #shell(number: number): string | undefined {
    const value = this.#input.values[number - 1];
    if (value === undefined) return undefined;
    this.#used.add(number - 1);
    return this.reference(value);
  }

  /** Inputs that no placeholder took: they are appended, as people expect. */
  unused(style: PlaceholderStyle): string[] {
    if (style === 'parallel') return this.#anyUsed ? [] : [...this.#input.values];
    return this.#input.values.filter((_, index) => !this.#used.has(index));
  }
}

/** GNU parallel's: `{.}` without extension, `{/}` base name, `{//}` directory, `{/.}` base name without extension. */
function transform(value: string, how: string | undefined): string {
  const slash = value.lastIndexOf('/');
  const base = value.slice(slash + 1);
  switch (how) {
    case '.':
      return value.slice(0, slash + 1) + withoutExtension(base);
    case '/':
      return base;
    case '//':
      return slash < 0 ? '.' : value.slice(0, Math.max(1, slash));
    case '/.':
      return withoutExtension(base);
    default:
      return value;
  }
}

function withoutExtension(base: string): string {
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(0, dot) : base;
}

/** A program's argument: its text exactly, with references in between. */
function renderWord(word: string, style: PlaceholderStyle, parameters: Parameters): string {
  let rendered = '';
  let literal = '';
  for (let index = 0; index < word.length;) {
    const [reference, length] = referenceAt(word, index, style, parameters);
    if (reference === undefined) {
      literal += word[index] ?? '';
      index += 1;
      continue;
    }
    rendered += (literal === '' ? '' : quote(literal)) + `"${reference}"`;
    literal = '';
    index += length;
  }
  return literal === '' && rendered !== '' ? rendered : rendered + quote(literal);
}

function referenceAt(
  text: string,
  index: number,
  style: PlaceholderStyle,
  parameters: Parameters,
): [string | undefined, number] {
  const pattern = placeholders[style];
  pattern.lastIndex = index;
  const match = pattern.exec(text);
  return match === null ? [undefined, 0] : [parameters.resolve(style, match), match[0].length];
}

/** Where in a shell's command line we are. `substitution`: inside `$( )`, which may stand in double quotes. */
type Context = 'plain' | 'single' | 'double' | 'substitution';

/** A shell's command line: what stands there stays, placeholders are quoted for where they stand. */
function renderShell(line: string, style: PlaceholderStyle, parameters: Parameters): string {
  const contexts: Context[] = ['plain'];
  let rendered = '';
  for (let index = 0; index < line.length;) {
    const context = contexts.at(-1) ?? 'plain';
    // In single quotes the shell itself would not expand $1 either: `awk '{print $1}'` means awk's.
    const literal = context === 'single' && style === 'shell';
    const [reference, length] = literal ? [undefined, 0] : referenceAt(line, index, style, parameters);
    if (reference !== undefined) {
      rendered += quoteFor(context, reference);
      index += length;
      continue;
    }
    const step = stepOver(line, index, context, contexts);
    rendered += line.slice(index, index + step);
    index += step;
  }
  return rendered;
}

function quoteFor(context: Context, reference: string): string {
  if (context === 'double') return reference;
  return context === 'single' ? `'"${reference}"'` : `"${reference}"`;
}

/** Follows the shell's quoting over one character (or an escaped pair); returns how far it went. */
function stepOver(line: string, index: number, context: Context, contexts: Context[]): number {
  const character = line[index];
  if (context === 'single') {
    if (character === "'") contexts.pop();
    return 1;
  }
  if (character === '\\') return 2;
  if (character === '$' && line[index + 1] === '(') {
    contexts.push('substitution');
    return 2;
  }
  if (character === '"') {
    if (context === 'double') contexts.pop();
    else contexts.push('double');
  } else if (context !== 'double') {
    if (character === "'") contexts.push('single');
    else if (character === '(' && context === 'substitution') contexts.push('substitution');
    else if (character === ')' && context === 'substitution') contexts.pop();
  }
  return 1;
}
