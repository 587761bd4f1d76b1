/**
 * Words as a shell splits them: blanks and line ends part them, '…', "…" and backslashes hold them together; nothing
 * is expanded. Undefined if a quote is left open.
 */
export function splitWords(continued: string): string[] | undefined {
  // A value's further lines follow anyway; who writes a shell's sign for it means no more than that.
  const text = continued.replaceAll('\\\n', '\n');
  const words: string[] = [];
  const pattern = /\s*((?:[^\s'"\\]|'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^])+)\s*/y;
  for (let end = 0; end < text.length; end = pattern.lastIndex) {
    const [, word] = pattern.exec(text) ?? [];
    if (word === undefined) return text.slice(end).trim() === '' ? words : undefined;
    words.push(unquote(word));
  }
  return words;
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}
