/**
 * A signal for one request: it comes when another does, or when the time is up. By hand, and not with AbortSignal.any,
 * which on Node 20 keeps what it made for as long as the other signal lives: two kilobytes for each request.
 */
export class Limit {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #pass = (): void => {
    this.#controller.abort(this.#parent.reason);
  };
  /** The time was up. */
  isOver = false;

  constructor(parent: AbortSignal, milliseconds: number) {
    this.#parent = parent;
    parent.addEventListener('abort', this.#pass);
    if (parent.aborted) this.#pass();
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#controller.abort(new DOMException('no answer in time', 'TimeoutError'));
    }, milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time begins anew. */
  refresh(): void {
    this.#timer.refresh();
  }

  /** Lets go of the other signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#pass);
  }
}
