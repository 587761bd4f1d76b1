import { describe, expect, test } from 'vitest';
import { parseSshHost } from '../../../src/job/fan-out-file/ssh-host.js';

describe('a line of workers', () => {
  test.each([
    ['me@10.0.0.1', 'me', '10.0.0.1', undefined],
    ['host1', undefined, 'host1', undefined],
    ['me.too@host-1.example.org:2222', 'me.too', 'host-1.example.org', 2222],
    ['ssh://me@host:22', 'me', 'host', 22],
    ['ssh://host/', undefined, 'host', undefined],
    ['me@[::1]:2222', 'me', '::1', 2222],
    ['[fe80::1%eth0]', undefined, 'fe80::1%eth0', undefined],
    ['me@::1', 'me', '::1', undefined],
  ])('%s', (text, user, host, port) => {
    expect(parseSshHost(text)).toEqual({ user, host, port });
  });

  test.each([
    '-oProxyCommand=id',
    '-o@host',
    'me@-oProxyCommand=id',
    'ssh://-oProxyCommand=id',
    'me@[-o]',
    'me@',
    '@host',
    'me@host extra',
    'me@host:0',
    'me@host:65536',
    'me@host:port',
    'me@you@host',
    'host;id',
    'host$(id)',
    "ho'st",
    'host/path',
    '',
  ])('is none: %s', (text) => {
    expect(parseSshHost(text)).toBeUndefined();
  });
});
