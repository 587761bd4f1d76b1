import { type Socket, connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds after which the other is taken for dead. */
const patience = 120_000;

/**
 * Two processes on two hosts that take each step together: each says what came of its last one and goes on when it has
 * heard the other. So both begin the next at nearly the same time, whoever was slower before.
 */
export class Lockstep {
  readonly #socket: Socket;
  readonly #heard: string[] = [];
  #rest = '';
  #listener: (() => void) | undefined;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#hear(text);
    });
    for (const event of ['error', 'close'])
      socket.on(event, () => {
        this.#ended = true;
        this.#listener?.();
      });
  }

  /** Waits for the other, who joins. */
  static async host(port: number): Promise<Lockstep> {
    const server = createServer();
    const socket = await new Promise<Socket>((resolve, reject) => {
      server.once('error', reject).once('connection', resolve).listen(port);
    });
    server.close();
    return new Lockstep(socket);
  }

  static async join(host: string, port: number): Promise<Lockstep> {
    const end = performance.now() + patience;
    for (;;) {
      const socket = connect(port, host);
      const connected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      if (connected) return new Lockstep(socket);
      if (performance.now() > end) throw new Error(`nobody answers at ${host}:${port}`);
      await setTimeout(50);
    }
  }

  /** Says one line, and returns what the other says. */
  async exchange(line: string): Promise<string> {
    this.#socket.write(`${line}\n`);
    const end = performance.now() + patience;
    while (this.#heard.length === 0) {
      if (this.#ended || performance.now() > end) throw new Error('the other contestant has gone');
      const timer = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => (this.#listener = resolve)),
        setTimeout(patience, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    }
    return this.#heard.shift() ?? '';
  }

  /** Milliseconds that a word takes to the other, as the median of some exchanges tells. */
  async latency(): Promise<number> {
    const times: number[] = [];
    for (let index = 0; index < 50; index++) {
      const start = performance.now();
      await this.exchange('');
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[25] ?? 0;
  }

  close(): void {
    this.#socket.end();
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#heard.push(...lines);
    this.#listener?.();
  }
}
