import { quote } from '../job/template.js';
import type { PilotCrew } from './scheduler.js';

/**
 * The script of a batch job that is a crew. `facts`: lines of sh that put into "$@" what only the job itself knows (its
 * id, its time and its size). It ends in `exec`: signals for the job's first process are the crew's.
 */
export function pilotScript({ argv, env, directory }: PilotCrew, facts: string): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const lines = [
    '#!/bin/sh',
    ...exports,
    `cd ${quote(directory)} || exit 1`,
    facts,
    `exec ${argv.map(quote).join(' ')} "$@"`,
  ];
  return `${lines.join('\n')}\n`;
}
