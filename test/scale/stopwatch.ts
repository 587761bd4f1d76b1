/** How much of the processor's time somebody's own code takes, whatever else the machine does meanwhile. */
export class Stopwatch {
  #since: number | undefined;
  /** Milliseconds. */
  total = 0;

  go(): void {
    this.#since = processorTime();
  }

  pause(): void {
    if (this.#since !== undefined) this.total += processorTime() - this.#since;
    this.#since = undefined;
  }
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
