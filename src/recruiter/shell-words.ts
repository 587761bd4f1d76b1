/**
 * Splits a line into words as a shell would, as far as quotes and backslashes go; nothing is expanded. Undefined: a
 * quote is not closed.
 */
export function shellWords(line: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+)\s*/gsy;
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line);
    if (match === null) return line.trim() === '' ? [] : undefined;
    words.push((match[1] ?? '').replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, unquote));
  }
  return words;
}

function unquote(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}
