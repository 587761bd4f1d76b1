/** Timers that are stopped by calling what they return. */

/** Node's timers count to 24 days and no further. */
const longestTimer = 2 ** 31 - 1;

/** Calls once, however far away that is. */
export function after(milliseconds: number, action: () => void): () => void {
  let rest = milliseconds;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const part = Math.min(longestTimer, rest);
    rest -= part;
    timer = setTimeout(rest > 0 ? wait : action, part);
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}

/** Calls again and again. */
export function every(milliseconds: number, action: () => void): () => void {
  const timer = setInterval(action, milliseconds);
  return () => {
    clearInterval(timer);
  };
}
