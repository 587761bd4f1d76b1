import { type Socket, createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/** Sends and receives datagrams: small, unreliable, and gone if nobody listens. */
export interface Postbox {
  /** Where other hosts reach it, as `address:port`. */
  readonly addresses: readonly string[];
  /** Nothing happens once it is closed. */
  send(bytes: Uint8Array, address: string): void;
  /** Who hears what comes in, and from which address. */
  listen(hear: (bytes: Uint8Array, from: string) => void): void;
  /** When everything has been handed to the network. */
  close(): Promise<void>;
}

/** Opens a postbox on a free port; undefined where there is no network to speak of. */
export async function openPostbox(): Promise<Postbox | undefined> {
  const socket = createSocket('udp4');
  const bound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => {
      resolve(false);
    });
    socket.bind(0, () => {
      resolve(true);
    });
  });
  if (!bound) return undefined;
  socket.unref();
  return new UdpPostbox(socket, hostAddresses());
}

/** More interfaces than this are no help. */
const mostAddresses = 8;

function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const usable = all.filter(({ family, internal }) => family === 'IPv4' && !internal);
  return usable.slice(0, mostAddresses).map(({ address }) => address);
}

class UdpPostbox implements Postbox {
  readonly addresses: readonly string[];
  readonly #socket: Socket;
  readonly #sending = new Set<Promise<void>>();
  #closed = false;

  constructor(socket: Socket, hosts: readonly string[]) {
    this.#socket = socket;
    const { port } = socket.address();
    // Without a network there may still be somebody on this host.
    this.addresses = (hosts.length === 0 ? ['127.0.0.1'] : hosts).map((host) => `${host}:${port}`);
    // An unreachable receiver is no news: hints may be lost.
    socket.on('error', () => undefined);
  }

  send(bytes: Uint8Array, address: string): void {
    // Of a crew that is over, something may still want to be told at the end of this turn.
    if (this.#closed) return;
    const colon = address.lastIndexOf(':');
    const sent = new Promise<void>((resolve) => {
      this.#socket.send(bytes, Number(address.slice(colon + 1)), address.slice(0, colon), () => {
        resolve();
      });
    });
    this.#sending.add(sent);
    void sent.then(() => this.#sending.delete(sent));
  }

  listen(hear: (bytes: Uint8Array, from: string) => void): void {
    this.#socket.on('message', (bytes, { address, port }) => {
      hear(bytes, `${address}:${port}`);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#sending);
    this.#socket.close();
  }
}
