import type { KeyPath } from './problems.js';
import type { Secret, YamlTree } from './yaml-tree.js';

/** What templates took from outside, and the registry's password, which is one however it came into the file. */
export function secretsOf({ secrets }: YamlTree, password: string | undefined): readonly Secret[] {
  const path = ['docker', 'registry', 'password'];
  return password === undefined || isSecret(secrets, path)
    ? secrets
    : [...secrets, { path, values: [password] }];
}

/** Whether a value, or any part of it, must not be shown. */
export function isSecret(secrets: readonly Secret[], path: KeyPath): boolean {
  return secrets.some((secret) => path.every((key, index) => secret.path[index] === key));
}

/** Shorter ones stand: no password is one, and without every `1` a text says nothing any more. */
const shortestHidden = 4;

/** A text in which no secret can be read any more. */
export function redact(text: string, secrets: readonly Secret[]): string {
  return hideValues(text, hiddenValues(secrets));
}

/** What must not be shown, each value once. */
export function hiddenValues(secrets: readonly Secret[]): string[] {
  const values = secrets.flatMap((secret) => secret.values).filter(({ length }) => length >= shortestHidden);
  return [...new Set(values)];
}

export function hideValues(text: string, values: readonly string[]): string {
  // Longer ones first: if a part of one were hidden before, the rest of it would be left standing.
  return values
    .toSorted((a, b) => b.length - a.length)
    .reduce((redacted, value) => redacted.replaceAll(value, '***'), text);
}
