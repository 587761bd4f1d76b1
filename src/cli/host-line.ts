import type { HostLine } from '../dispatcher/progress.js';
import { printable } from './say.js';

/** What helps, by what ssh says; its words are the same in all languages. */
const hints: readonly (readonly [RegExp, string])[] = [
  [
    /Permission denied|Too many authentication failures/,
    'let it accept your key (ssh-copy-id), or set workers.ssh.privateKey to the one that it accepts',
  ],
  [
    /Host key verification failed|host key is known for/,
    'connect once by hand and look at its key, or let ssh take what it sees first: options: [-o, StrictHostKeyChecking=accept-new]',
  ],
  [
    /Could not resolve hostname/,
    'check its line in workers.file, or say in ~/.ssh/config what the name means',
  ],
];

/** That a host of `workers.file` cannot be reached, and what helps; or that it can be again. */
export function describeHost({ host, away }: HostLine): {
  readonly text: string;
  readonly hint: string | undefined;
} {
  if (away === undefined) return { text: `${printable(host)} answers again`, hint: undefined };
  const hint = hints.find(([pattern]) => pattern.test(away))?.[1];
  return { text: `${printable(host)} cannot be reached: ${printable(away)}`, hint };
}
