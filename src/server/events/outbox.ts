/** Bytes that wait for a client who reads slowly. */
const mostBytes = 1024 * 1024;

/** What is still to be sent to one client. */
export class Outbox {
  readonly #overflow: () => void;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;

  /** `overflow`: the client has not read for too long, and will get nothing more. */
  constructor(overflow: () => void) {
    this.#overflow = overflow;
  }

  put(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > mostBytes) {
      this.#parts = [];
      this.close();
      this.#overflow();
    } else this.#wake?.();
  }

  /** All that has come, as soon as there is anything; undefined: it is closed and empty. */
  async take(): Promise<Uint8Array | undefined> {
    if (this.#parts.length === 0 && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = undefined;
    const [parts, bytes] = [this.#parts, this.#bytes];
    [this.#parts, this.#bytes] = [[], 0];
    const [first] = parts;
    return parts.length === 1 ? first : first === undefined ? undefined : Buffer.concat(parts, bytes);
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }
}
