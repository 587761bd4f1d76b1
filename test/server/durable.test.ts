import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, writeShellSpec } from '../rig/server.js';

const orderLog = fileURLToPath(new URL('order-log.mjs', import.meta.url));

type Line = Readonly<Partial<Record<'moved' | 'to' | 'written' | 'flushes' | 'flushed', string>>> & {
  readonly answered?: number;
};

/** What a server did, in order. */
class Order {
  readonly lines: readonly Line[];

  constructor(text: string) {
    this.lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  }

  /** Where a directory is on disk again that was changed at `at`: the end of a flush which began after that. */
  flushed(directory: string, at: number): number {
    const begin = this.lines.findIndex(({ flushes }, index) => index > at && flushes === directory);
    const end = this.lines.findIndex(({ flushed }, index) => index > begin && flushed === directory);
    return begin < 0 || end < 0 ? Infinity : end;
  }

  /** When a file came to its name. */
  moved(to = ''): number {
    return this.lines.findIndex((line) => new RegExp(`^${to}$`).test(line.to ?? ''));
  }

  /** When what is in a file was on disk. */
  written(path: string | undefined): number {
    return this.lines.findIndex(({ written }) => written === path);
  }
}

/** What comes too late; undefined: nothing. `record`: the file that says which job its key has, if it came with one. */
function faultOf(order: Order, id: number, answered: number, record: string | undefined): string | undefined {
  const queued = order.moved(`default/jobqueue/plain-${id}(@.*)?\\.json`);
  const numbered = order.lines.findIndex(({ to = '' }) => Number(/\/job=(\d+)=/.exec(to)?.[1]) > id);
  /** What must be done, when it was, and before what. */
  const stages: [string, number, number][] = [
    ['its number', order.flushed('default/server/numbers', numbered), queued],
    ['its place in the queue', order.flushed('default/jobqueue', queued), answered],
  ];
  const { moved: from } = order.lines[queued] ?? {};
  if (record === undefined) stages.push(['its file', order.written(from), queued]);
  else {
    const [aside, noted] = [order.moved(from), order.moved(record)];
    stages.push(
      ['its file', order.written(order.lines[aside]?.moved), aside],
      ['its name aside', order.flushed('default/server/keys', aside), noted],
      ['what is in its record', order.written(order.lines[noted]?.moved), noted],
      ['its record', order.flushed('default/server/keys', noted), queued],
    );
  }
  return stages.find(([, done, before]) => done < 0 || before < 0 || done > before)?.[0];
}

/** Records of keys, by the numbers of their jobs. */
function recordsIn(rig: Rig): Map<number, string> {
  const keys = `${rig.project().root}/server/keys`;
  return new Map(
    readdirSync(keys).map((name) => {
      const { number } = JSON.parse(readFileSync(`${keys}/${name}`, 'utf8')) as { number: number };
      return [number, `default/server/keys/${name}`];
    }),
  );
}

describe('a server', () => {
  test('answers when all is on disk, and flushes once for many', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const log = `${rig.directory}/order`;
    const env = { NODE_OPTIONS: `--import=${orderLog}`, FJR_ORDER_LOG: log };
    const server = await TestServer.start(rig, ['--no-auth', '--fsync'], { env });
    const clients = Array.from({ length: 32 }, async (_, client) => {
      for (let n = 0; n < 5; n++) await server.start('plain', {}, n % 2 === 0 ? undefined : `${client} ${n}`);
    });
    await Promise.all(clients);
    await server.stop();
    const order = new Order(readFileSync(log, 'utf8'));
    const answers = order.lines.flatMap(({ answered }, at) =>
      answered === undefined ? [] : [{ answered, at }],
    );
    expect(answers).toHaveLength(160);
    const records = recordsIn(rig);
    expect(records.size).toBe(64);
    const faults = answers.flatMap(({ answered, at }) => {
      const fault = faultOf(order, answered, at, records.get(answered));
      return fault === undefined ? [] : [`${answered}: ${fault}`];
    });
    expect(faults).toEqual([]);
    const flushes = order.lines.filter(({ flushes }) => flushes === 'default/jobqueue').length;
    expect(flushes).toBeLessThan(120);
  });
});
