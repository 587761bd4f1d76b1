/**
 * Templates stand in a text that is YAML only without them: `{{ Env "X" }}` is a map in a map there, and the value of X
 * may be anything. So a plain word takes the place of each before the text is parsed, and the values are put where the
 * words are in the scalars that come out: nothing a value holds can break YAML, or add to it.
 */

/** One `{{ … }}`. */
export interface Template {
  /** Its offsets in the text as written. */
  readonly start: number;
  readonly end: number;
  /** What stands in the braces, without `-`; undefined: they are not closed on their line. */
  readonly source: string | undefined;
  /** `{{-`, `-}}`: white space before or after it goes, within its scalar. */
  readonly trimBefore: boolean;
  readonly trimAfter: boolean;
  /** Its word in the marked text; '' for a comment. */
  readonly word: string;
}

/** A text with words in place of its templates. */
export class MarkedText {
  readonly text: string;
  readonly templates: readonly Template[];
  readonly #words: RegExp;

  constructor(original: string) {
    const stem = unusedWord(original);
    this.templates = [...findTemplates(original, stem)];
    this.#words = new RegExp(`${stem}(\\d+)e`, 'g');
    let [text, position] = ['', 0];
    for (const { start, end, word } of this.templates) {
      text += original.slice(position, start) + word;
      position = end;
    }
    this.text = text + original.slice(position);
  }

  /** Where in the text as written an offset of the marked text is; for one within a word, its template's start. */
  originalOffset(marked: number): number {
    let grown = 0;
    for (const { start, end, word } of this.templates) {
      if (marked < start - grown) break;
      if (marked < start - grown + word.length) return start;
      grown += end - start - word.length;
    }
    return marked + grown;
  }

  /** The templates in a scalar that was parsed from the marked text. */
  templatesIn(scalar: string): Template[] {
    return [...scalar.matchAll(this.#words)].flatMap(([, index]) => this.templates[Number(index)] ?? []);
  }

  /** The scalar with each word replaced, and white space trimmed where its template says so. */
  replace(scalar: string, value: (template: Template) => string): string {
    let [text, position] = ['', 0];
    let trim = false;
    for (const match of scalar.matchAll(this.#words)) {
      const template = this.templates[Number(match[1])];
      if (template === undefined) continue;
      const between = scalar.slice(position, match.index);
      text += trimmed(between, trim, template.trimBefore) + value(template);
      position = match.index + match[0].length;
      trim = template.trimAfter;
    }
    return text + trimmed(scalar.slice(position), trim, false);
  }

  /** A text about the marked text, such as an error of the YAML parser's, with the templates as they were written. */
  restore(text: string, original: string): string {
    return this.replace(text, ({ start, end }) => original.slice(start, end));
  }
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const rest = start ? text.trimStart() : text;
  return end ? rest.trimEnd() : rest;
}

function unusedWord(text: string): string {
  let stem = 'fjrTemplate';
  while (text.includes(stem)) stem += 'X';
  return stem;
}

/** With the blanks on its line that it trims: nothing is put in its place, so they would not be seen again. */
const comment = /(?:[ \t]*\{\{-\s+|\{\{)\/\*[^]*?\*\/(?:\s+-\}\}[ \t]*|\}\})/;
/** To the closing braces, which do not count within quotes; a template ends on the line on which it begins. */
const template = /\{\{(-(?=\s))?((?:"(?:[^"\\\n]|\\[^\n])*"|`[^`\n]*`|[^"`\n])*?)(\s-)?\}\}/;
const unclosed = /\{\{[^\n]*/;
const pattern = new RegExp(`${comment.source}|${template.source}|${unclosed.source}`, 'g');

function* findTemplates(text: string, stem: string): Generator<Template> {
  let index = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, before, source, after] = match;
    yield {
      start: match.index,
      end: match.index + whole.length,
      source: source?.trim(),
      trimBefore: before !== undefined,
      trimAfter: after !== undefined,
      word: isComment(whole) ? '' : `${stem}${index}e`,
    };
    index += 1;
  }
}

function isComment(whole: string): boolean {
  return /^[ \t]*\{\{(-\s+)?\/\*/.test(whole) && whole.trimEnd().endsWith('}}');
}
