import type { Postbox } from '../../src/system/postbox.js';
import type { Actor, Agenda } from './agenda.js';

/** Milliseconds that a datagram takes. */
const delay = 0.2;

interface Box {
  readonly actor: Actor;
  hear: Parameters<Postbox['listen']>[0];
}

/** Carries datagrams between all hosts, and loses none. */
export class Network {
  readonly #agenda: Agenda;
  readonly #boxes = new Map<string, Box>();
  sent = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  open(actor: Actor): Postbox {
    const address = `10.0.0.0:${this.#boxes.size}`;
    const box: Box = { actor, hear: () => undefined };
    this.#boxes.set(address, box);
    return {
      addresses: [address],
      send: (bytes, to) => {
        const target = this.#boxes.get(to);
        if (target === undefined) return;
        this.sent += 1;
        this.#agenda.at(actor.now + delay, target.actor, () => {
          target.hear(bytes, address);
        });
      },
      listen: (hear) => {
        box.hear = hear;
      },
      close: () => Promise.resolve(),
    };
  }
}
