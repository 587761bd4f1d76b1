import { quote } from '../job/template.js';

/** What a shell on a host is to do: look whether it is the right place, and run the recruiter there. */
export interface RemoteTask {
  /** Tells our lines from all that login shells print. */
  readonly nonce: string;
  /** A file that holds the nonce, seen by all who share the project's directory; undefined: no need to look. */
  readonly token: string | undefined;
  /** Directories above the token. */
  readonly above: readonly string[];
  readonly node: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The script goes over standard input to `/bin/sh`. On ssh's command line it would be read by the login shell first,
 * which may be csh or fish; and variables, which may be secret, would be shown by `ps`.
 *
 * All of it is one function that is called in the last line: half a script does nothing. What it runs reads nothing,
 * lest it read the script.
 */
export function remoteScript({ nonce, token, above, node, program, args, env }: RemoteTask): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return `fjr() {
say() { printf '\\n%s %s\\n' 'fjr-${nonce}' "$*"; }
${token === undefined ? '' : tokenCheck(nonce, token, above)}
[ -x ${quote(node)} ] && [ ! -d ${quote(node)} ] || { say no-node; return; }
[ -r ${quote(program)} ] || { say no-program; return; }
say begin
(
${exports.join('\n')}
exec ${[node, program, ...args].map(quote).join(' ')}
) </dev/null 2>&1
code=$?
say node "$(${quote(node)} --version </dev/null 2>/dev/null | { IFS= read -r line; printf %s "$line"; })"
say ended "$code"
}
fjr
`;
}

/** A directory made a moment ago may be remembered as missing: touching what is above it makes a client look again. */
function tokenCheck(nonce: string, token: string, above: readonly string[]): string {
  return `look() { seen=; { IFS= read -r seen <${quote(token)}; } 2>/dev/null; [ "$seen" = '${nonce}' ]; }
look || { touch -c ${above.map(quote).join(' ')} 2>/dev/null; look; } || { say no-home; return; }`;
}

/** What came back: `marks` are our own lines, `lines` what the recruiter printed. */
export interface Heard {
  readonly lines: readonly string[];
  readonly marks: ReadonlyMap<string, string>;
}

/** Leaves out what login shells print before and after. */
export function hear(stdout: string, nonce: string): Heard {
  const marks = new Map<string, string>();
  const lines: string[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    const [, word, text = ''] = new RegExp(`^fjr-${nonce} (\\S+) ?(.*)$`, 's').exec(line) ?? [];
    if (word !== undefined) marks.set(word, text);
    else if (line !== '' && marks.has('begin') && !marks.has('ended')) lines.push(line);
  }
  return { lines, marks };
}

/** A line of our own, for a recruiter that was asked to tell what came of it. */
export function markLine(nonce: string, word: string, text: string): string {
  return `\nfjr-${nonce} ${word} ${text}\n`;
}
