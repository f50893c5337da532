/** Work that runs once at a time. Calls while it runs share its result. */
export class SingleFlight<Value> {
  readonly #work: () => Promise<Value>;
  #running: Promise<Value> | undefined;

  constructor(work: () => Promise<Value>) {
    this.#work = work;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Starts the work, or waits for the work in progress. Rejects if it fails. */
  run(): Promise<Value> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Waits for the work in progress, which may have started before the latest change, and works again. Rejects if this fails. */
  async runAnew(): Promise<Value> {
    await this.#running?.catch(() => {}); // its own caller handles this
    return this.run();
  }
}
