import { describe, expect, test } from 'vitest';
import { Layout, makeCrewId } from '../../src/queue/layout.js';
import type { Errand } from '../../src/recruiter/errand.js';
import { readRemoteConf } from '../../src/recruiter/remote-conf.js';
import type { RemoteReport } from '../../src/recruiter/remote-report.js';
import type { Site, SiteReport } from '../../src/recruiter/site.js';
import { askAll } from '../../src/recruiter/sites.js';
import { sshEngine } from '../../src/recruiter/ssh-site.js';
import type { CommandOptions, CommandResult } from '../../src/system/commands.js';
import type { FileCall, Files } from '../../src/system/files.js';

const crew = makeCrewId('w1', 'k3f9q2m4');

interface Call {
  readonly argv: readonly string[];
  readonly options: CommandOptions;
}

/** A world in which every host answers what the test says, and all that it was asked is kept. */
class World {
  readonly calls: Call[] = [];
  readonly fileCalls: FileCall[] = [];
  answer: (call: Call) => Partial<CommandResult> = () => ({});

  site(keys: string, errand: Partial<Errand> = {}): Site {
    const [section] = readRemoteConf(`[h]\n${keys}\n`, '/p/default/remote.conf');
    return sshEngine(this.#system(), { ...plainErrand, ...errand }).open(section!);
  }

  #system(): Parameters<typeof sshEngine>[0] {
    const run = (argv: readonly string[], options: CommandOptions): Promise<CommandResult> => {
      this.calls.push({ argv, options });
      const result = { exitCode: 255, stdout: '', stderr: '', timedOut: false, notFound: false };
      return Promise.resolve({ ...result, ...this.answer({ argv, options }) });
    };
    const call = (one: FileCall): string => {
      this.fileCalls.push(one);
      return one.op === 'read' ? 'missing' : 'ok';
    };
    return { commands: { run }, files: { call } as unknown as Files, here: 'desk.cwi.nl' };
  }
}

const plainErrand: Errand = {
  project: 'default',
  layout: new Layout('/p/default'),
  node: '/n/node',
  program: '/f/fjr-recruiter.js',
  version: '1.2.3',
  directory: '/work',
  multiplexer: 'auto',
  options: {},
};

/** What the remote side prints when it reports. */
function reports(report: Partial<RemoteReport>, lines = ''): World['answer'] {
  return ({ options: { input = '' } }) => {
    const [, nonce = ''] = /fjr-(\w{10})/.exec(input) ?? [];
    const marks = [
      `fjr-${nonce} begin`,
      lines,
      `fjr-${nonce} report ${JSON.stringify({ host: 'w1', ...report })}`,
    ];
    return {
      exitCode: 0,
      stdout: `motd\n${[...marks, `fjr-${nonce} node v20.19.0`, `fjr-${nonce} ended 0`].join('\n')}\n`,
    };
  };
}

const hired = reports({ hired: { crew, isNew: true } }, '[fjr-recruiter] Hired 2 workers.');

describe('hiring over ssh', () => {
  test('asks nothing, waits for nobody for ever, and shows no variable to `ps`', async () => {
    const world = new World();
    world.answer = hired;
    const site = world.site(
      'name: w1\nuser: me\nport: 2222\nssh_options: -J "gate way"\nworkers: 2\nenv: KEY=secret',
    );

    expect(await site.hire()).toMatchObject({
      lines: ['[fjr-recruiter] Hired 2 workers.'],
      hired: { crew, isNew: true },
    });

    const [{ argv, options }] = world.calls as [Call];
    const own = argv.indexOf('-J');
    expect(argv.slice(own, own + 6)).toEqual(['-J', 'gate way', '-l', 'me', '-p', '2222']);
    // The first value counts: of these the section's own, of those ours.
    expect(argv.indexOf('ConnectTimeout=10')).toBeGreaterThan(own);
    expect(argv.indexOf('ControlMaster=no')).toBeLessThan(own);
    expect(argv.slice(-3)).toEqual(['--', 'w1', 'exec /bin/sh']);
    for (const option of ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=5', 'ControlMaster=no'])
      expect(argv).toContain(option);
    expect(options).toMatchObject({ timeout: 60, terminal: false });
    expect(argv.join(' ')).not.toContain('secret');
    expect(options.input).toContain('export KEY=secret\nexport FJR_HOME=/p\n');
    expect(options.input).toMatch(
      /^exec \/n\/node \/f\/fjr-recruiter\.js --project default --local-only --expect-version 1\.2\.3 --report \w{10} --curdir \/work --multiplexer auto hire 2$/m,
    );
    expect(world.fileCalls.map(({ op }) => op)).toEqual(['create', 'read', 'unlink']);
  });

  test('passes on what the command line says, unless the section says otherwise', async () => {
    const world = new World();
    const options = { lease: '20', gpus: '1', label: 'a', nice: '3' };
    await world.site('name: w1\nlabels: x, y\nnice: -5\nworkers: auto', { options }).hire();
    expect(world.calls[0]!.options.input).toMatch(/ --lease=20 --gpus=1 --label=x,y --nice=-5 hire$/m);
  });

  test.each(['localhost', '127.0.0.1', 'desk', 'DESK.cwi.nl'])('needs no ssh for %s', async (name) => {
    const world = new World();
    world.answer = hired;
    await world.site(`name: ${name}`).hire();
    expect(world.calls[0]!.argv).toEqual(['/bin/sh']);
    expect(world.fileCalls).toEqual([]);
  });

  test.each(['name: desk.example.org', 'name: localhost\nport: 2222', 'name: desk\nuser: other'])(
    'goes through ssh for "%s"',
    async (keys) => {
      const world = new World();
      await world.site(keys).hire();
      expect(world.calls[0]!.argv[0]).toBe('ssh');
    },
  );

  test('takes a name for nothing else', () => {
    expect(() => new World().site('name: -oProxyCommand=id')).toThrow(/name is "-oProxyCommand=id"/);
    expect(() => new World().site('name: a b')).toThrow(/name is "a b"/);
    expect(() => new World().site('workers: 2')).toThrow(/\[h\] has no name/);
  });

  test.each([
    ['Timeout, server w1 not responding.', 'no answer'],
    ['ssh: connect to host w1 port 22: Connection timed out', 'no answer'],
    ['ssh: connect to host w1 port 22: No route to host', 'there is no way to it from here'],
    ['kex_exchange_identification: Connection closed by remote host', 'it closed the connection'],
    ['root@w1: Permission denied (publickey).', 'permission denied'],
    ['', 'nothing could be started there: ssh ended with exit code 255'],
  ])('says in plain words what ssh says: %s', async (stderr, reason) => {
    const world = new World();
    world.answer = () => ({ stderr });
    expect((await world.site('name: w1').hire()).failure?.reason).toBe(reason);
  });

  test('says what is the matter with ssh itself', async () => {
    const world = new World();
    world.answer = () => ({ notFound: true, exitCode: undefined });
    expect((await world.site('name: w1').hire()).failure?.reason).toBe('ssh is not installed here');
    world.answer = () => ({ timedOut: true, exitCode: undefined });
    expect((await world.site('name: w2').hire()).failure).toEqual({
      reason: 'no answer within 60 s',
      hint: 'see what it does: ssh w2',
    });
  });

  test('knows a version that has never heard of reports', async () => {
    const world = new World();
    world.answer = ({ options: { input = '' } }) => {
      const [, nonce = ''] = /fjr-(\w{10})/.exec(input) ?? [];
      const said = 'fjr-recruiter: Unknown arguments: expect-version, report\nhint: fjr-recruiter --help';
      return {
        exitCode: 2,
        stdout: `fjr-${nonce} begin\n${said}\nfjr-${nonce} node v20.19.0\nfjr-${nonce} ended 2\n`,
      };
    };
    expect(await world.site('name: w1').hire()).toMatchObject({
      lines: [],
      failure: { reason: 'another version of fjr is installed at /f/fjr-recruiter.js' },
    });
  });
});

test('firing has a minute, and draining as long as it takes', async () => {
  const world = new World();
  const site = world.site('name: w1');
  await site.fire(false);
  await site.fire(true);
  expect(world.calls.map(({ options: { timeout } }) => timeout)).toEqual([60, 0]);
  expect(world.calls[1]!.options.input).toMatch(/ fire --drain$/m);
});

describe('all sites', () => {
  const ask = async (world: World, names: string[], hasTerminal: boolean): Promise<string[]> => {
    const told: string[] = [];
    const open = names.map((name) => ({ section: name, via: 'ssh', site: world.site(`name: ${name}`) }));
    const tell = ({ section }: { section: string }, { failure }: SiteReport): void => {
      told.push(`${section}: ${failure?.reason ?? 'fine'}`);
    };
    await askAll(open, (site) => site.hire(), tell, hasTerminal);
    return told;
  };
  const askingFor: World['answer'] = (call) => {
    if (call.argv.includes('w2') && call.options.terminal !== true)
      return { stderr: 'Permission denied (password).' };
    return call.argv.includes('w3') ? { stderr: 'Host key verification failed.' } : hired(call);
  };

  test('are asked at once, and those that want a person after them, one by one', async () => {
    const world = new World();
    world.answer = askingFor;
    expect(await ask(world, ['w1', 'w2', 'w3', 'w4'], true)).toEqual([
      'w1: fine',
      'w4: fine',
      'w2: fine',
      'w3: its host key is not known here',
    ]);
    const again = world.calls.slice(4);
    expect(again.map(({ options: { terminal, timeout } }) => [terminal, timeout])).toEqual([
      [true, 300],
      [true, 300],
    ]);
    for (const { argv } of again) expect(argv).toContain('BatchMode=no');
  });

  test('are asked once where nobody sits', async () => {
    const world = new World();
    world.answer = askingFor;
    expect(await ask(world, ['w1', 'w2'], false)).toEqual(['w1: fine', 'w2: permission denied']);
    expect(world.calls).toHaveLength(2);
  });

  test('are at most sixteen at a time', async () => {
    const world = new World();
    let [open, most] = [0, 0];
    const sites = Array.from({ length: 40 }, (_, index) => ({
      section: `h${index}`,
      via: 'ssh',
      site: world.site(`name: h${index}`),
    }));
    const slow = async (): Promise<SiteReport> => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return { lines: [] };
    };
    await askAll(sites, slow, () => undefined, false);
    expect(most).toBe(16);
  });
});
