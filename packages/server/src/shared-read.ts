/** A read of the store that callers share while it runs. */
export class SharedRead {
  readonly #read: () => Promise<void>;
  #running: Promise<void> | undefined;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Reads, or waits for the read in progress. Rejects if it fails. */
  run(): Promise<void> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Reads after the read in progress, which may have started before the latest change. Rejects if this one fails. */
  async runAnew(): Promise<void> {
    await this.#running?.catch(() => {}); // its own caller handles this
    await this.run();
  }
}
