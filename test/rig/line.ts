import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A way to a server that the test can take down, narrow or cut. It is closed at first. */
export class Line {
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Bytes that have gone to the server since it was last opened. */
  sent = 0;
  /** How many may go before the connection is cut, and all that are tried later. */
  #most = Infinity;
  /** How many may go before nothing does, until it is released. */
  #hold = Infinity;

  constructor(to: number) {
    this.#to = to;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Opens it, at the same address as before. */
  async open(most = Infinity): Promise<void> {
    this.#most = most;
    this.sent = 0;
    const server = createServer((client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** From now on no more than so many bytes go, and the rest waits. */
  hold(most: number): void {
    this.#hold = this.sent + most;
  }

  get isHolding(): boolean {
    return this.sent > this.#hold;
  }

  release(): void {
    this.#hold = Infinity;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server !== undefined) await closed;
    this.#server = undefined;
  }

  #join(client: Socket): void {
    const server = connect(this.#to, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      this.sent += bytes.length;
      server.write(bytes);
      if (this.sent > this.#most) for (const socket of this.#sockets) socket.destroy();
      if (this.isHolding) client.pause();
    });
    server.pipe(client);
  }
}
