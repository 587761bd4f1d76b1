/** Somebody sleeps until it is time, or until he is woken; who is woken while he is up does not sleep the next time. */
export class Alarm {
  #isRung = false;
  #wake: (() => void) | undefined;

  get isRung(): boolean {
    return this.#isRung;
  }

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** At most so many milliseconds. */
  async sleep(most: number): Promise<void> {
    if (!this.#isRung && most > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, most);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#isRung = false;
  }
}
