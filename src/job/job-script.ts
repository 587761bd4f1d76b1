import { quote } from './template.js';

/** A job file that runs some lines of shell: the door for command lines. */
export function jobScript(
  lines: string,
  directory: string | undefined,
  settings: Readonly<Record<string, string>>,
): string {
  const directives = Object.entries(settings).map(([key, value]) => `#FJR ${key}: ${value}\n`);
  const enter = directory === undefined ? '' : `cd -- ${quote(directory)} || exit 1\n`;
  return `#!/bin/sh\n${directives.join('')}${enter}${lines}`;
}
