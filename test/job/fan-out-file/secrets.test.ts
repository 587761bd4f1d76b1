import { describe, expect, test } from 'vitest';
import { isSecret, redact } from '../../../src/job/fan-out-file/secrets.js';

const secrets = [
  { path: ['docker', 'registry', 'password'], values: ['pass', 'password.*'] },
  { path: ['command', 1], values: ['1', ''] },
];

describe('what is secret', () => {
  test('is known by its path, and so is what holds it', () => {
    expect(isSecret(secrets, ['docker', 'registry', 'password'])).toBe(true);
    expect(isSecret(secrets, ['docker'])).toBe(true);
    expect(isSecret(secrets, ['command'])).toBe(true);
    expect(isSecret(secrets, ['docker', 'registry', 'user'])).toBe(false);
    expect(isSecret(secrets, ['command', 0])).toBe(false);
  });

  test('is taken out of a text whole, but for what is too short to be any', () => {
    expect(redact('1 password.* or pass; 1', secrets)).toBe('1 *** or ***; 1');
  });
});
