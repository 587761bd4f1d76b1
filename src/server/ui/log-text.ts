/** What terminals are told by escape sequences: colours, titles, where the cursor is to go. */
// eslint-disable-next-line no-control-regex
const sequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
/** Other control characters, but for tab and line feed. */
// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** What a program printed, as a terminal would show it, more or less: without colours, and a line that was written over once. */
export function plainLog(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(sequence, '')
    .replaceAll(/^.*\r(?=.)/gm, '')
    .replaceAll(control, '');
}

/** The last lines of a text. */
export function lastLines(text: string, most: number): string {
  return text.trimEnd().split('\n').slice(-most).join('\n');
}
