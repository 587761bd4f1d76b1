import type { Agenda } from './agenda.js';

type Stop = () => void;

/**
 * Lets `action` run with timers of virtual time in place of Node's: each belongs to whose turn it is when it is set. What
 * is not called before this returns is never called.
 */
export function withTimersOf<T>(agenda: Agenda, action: () => T): T {
  const clear = (stop: Stop | undefined): void => stop?.();
  const virtual = {
    setTimeout: (then: Stop, milliseconds: number) => once(agenda, milliseconds, then),
    setImmediate: (then: Stop) => once(agenda, 0, then),
    setInterval: (then: Stop, milliseconds: number) => again(agenda, milliseconds, then),
    clearTimeout: clear,
    clearInterval: clear,
  };
  Object.assign(globalThis, virtual);
  try {
    return action();
  } finally {
    Object.assign(globalThis, globals);
  }
}

const { setTimeout, setImmediate, setInterval, clearTimeout, clearInterval } = globalThis;
const globals = { setTimeout, setImmediate, setInterval, clearTimeout, clearInterval };

function once(agenda: Agenda, milliseconds: number, action: Stop): Stop {
  const actor = agenda.current;
  if (actor === undefined) throw new Error('a timer is set, and it is nobody’s turn');
  return agenda.at(actor.now + milliseconds, actor, action);
}

/** As Node does it: the next is counted from when this one came. */
function again(agenda: Agenda, milliseconds: number, action: Stop): Stop {
  let stop: Stop = () => undefined;
  const wait = (): void => {
    stop = once(agenda, milliseconds, () => {
      wait();
      action();
    });
  };
  wait();
  return () => {
    stop();
  };
}
