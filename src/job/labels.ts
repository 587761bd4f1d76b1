/** A label is a word that crews are given and jobs ask for, such as `bigmem` or `scanner-2`. */
const labelPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Labels separated by commas or line ends; undefined where one is no such word. */
export function parseLabels(text: string): string[] | undefined {
  const labels = text
    .split(/[,\n]/)
    .map((label) => label.trim())
    .filter((label) => label !== '');
  return labels.every((label) => labelPattern.test(label)) ? [...new Set(labels)].sort() : undefined;
}
