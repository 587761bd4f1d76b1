import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Heard,
  type RemoteTask,
  hear,
  markLine,
  remoteScript,
} from '../../src/recruiter/remote-script.js';

const nonce = 'k3f9q2m4n7';
let home: string;

/** Names that no shell may read. */
const nasty = `it's $HOME "and" \`more\` \\ ;&|*`;

beforeEach(() => {
  home = `${mkdtempSync('/tmp/fjr-script-')}/${nasty}`;
  mkdirSync(home);
  writeFileSync(`${home}/token`, `${nonce}\n`);
  writeFileSync(
    `${home}/node`,
    `#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0 && exit\nread -r line && echo "read $line"\necho "$SECRET" && printf '%s\\n' "$@"\necho oops >&2\nexit 7\n`,
  );
  chmodSync(`${home}/node`, 0o755);
  writeFileSync(`${home}/program.js`, '');
});
afterEach(() => {
  rmSync(home.slice(0, home.indexOf('/', 5)), { recursive: true });
});

function run(task: Partial<RemoteTask>, noise = ''): Heard {
  const whole = {
    nonce,
    token: `${home}/token`,
    above: [home],
    node: `${home}/node`,
    program: `${home}/program.js`,
    args: [nasty, ''],
    env: { SECRET: nasty },
    ...task,
  };
  const stdout = execFileSync('/bin/sh', { input: remoteScript(whole), encoding: 'utf8' });
  return hear(`${noise}${stdout}${noise}`, nonce);
}

const words = (heard: Heard): unknown => [...heard.marks];

describe('the script that goes over ssh', () => {
  test('runs the recruiter with its words and variables as they are, and reads nothing for it', () => {
    expect(run({})).toEqual({
      marks: new Map([
        ['begin', ''],
        ['node', 'v20.1.0'],
        ['ended', '7'],
      ]),
      lines: [nasty, `${home}/program.js`, nasty, 'oops'],
    });
  });

  test('is not misled by what login shells print', () => {
    const noise = `Welcome!\nfjr-0000000000 no-home\nbegin\nfjr-${nonce}x begin\nno newline`;
    expect(run({}, noise).lines).toEqual(run({}).lines);
  });

  test('looks for the token first, then for Node, then for fjr', () => {
    const missing = `${home}/missing`;
    expect(words(run({ token: missing, node: missing, program: missing }))).toEqual([['no-home', '']]);
    expect(words(run({ token: `${home}/node` }))).toEqual([['no-home', '']]);
    expect(words(run({ node: missing, program: missing }))).toEqual([['no-node', '']]);
    expect(words(run({ node: home }))).toEqual([['no-node', '']]);
    expect(words(run({ node: `${home}/program.js` }))).toEqual([['no-node', '']]);
    expect(words(run({ program: missing }))).toEqual([['no-program', '']]);
    expect(words(run({ token: undefined, program: missing }))).toEqual([['no-program', '']]);
  });

  test('does nothing when only a part of it arrives', () => {
    const script = remoteScript({
      ...{ nonce, token: undefined, above: [], node: '/bin/echo', program: '/bin/sh', args: [], env: {} },
    });
    for (const part of [0.5, 0.9, 0.98]) {
      const input = script.slice(0, Math.floor(script.length * part));
      expect(execFileSync('sh', ['-c', '/bin/sh 2>/dev/null; :'], { input, encoding: 'utf8' })).toBe('');
    }
  });
});

test('a line of our own is found wherever the cursor stood', () => {
  const { marks } = hear(`no newline${markLine(nonce, 'report', '{"a": 1}')}`, nonce);
  expect(marks.get('report')).toBe('{"a": 1}');
});
