/** Text that is HTML or SVG already. Whatever is a mere string is a person's, or a program's, and is escaped. */
export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | number | readonly Content[] | undefined;
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Elements that have neither content nor an end, in HTML as in SVG. */
const empty = new Set(['meta', 'rect', 'line', 'path']);

export function element(name: string, attributes: Attributes, ...content: readonly Content[]): Markup {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escape(typeof value === 'number' ? short(value) : value)}"`],
  );
  const start = `${name}${words.join('')}`;
  if (empty.has(name)) return { markup: `<${start}/>` };
  return { markup: `<${start}>${render(content)}</${name}>` };
}

export function render(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escape(content);
  if (typeof content === 'number') return short(content);
  return 'markup' in content ? content.markup : content.map(render).join('');
}

/** A number of the drawing: hundredths of its unit are finer than anybody sees, and take less room. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** No character of a text is read as markup, none stays invisible, and none changes the direction of those around it. */
export function escape(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, picture);
}

/** Control characters have pictures of their own in Unicode: `␊` for a line feed. */
function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\u{fffd}';
}

/** The beginning of a text that may be as long as anything. */
export function beginningOf(text: string, most: number): string {
  // Not half a character.
  return text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
