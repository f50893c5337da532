/** How many tasks may wait for the one that runs. */
const maxWaiting = 8;

/** Too many tasks are waiting. Try again in a second. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
  /** `what`: the tasks, such as "searches of the journal". */
  constructor(what: string) {
    super(`${maxWaiting} ${what} are waiting already: try again in a second`);
  }
}

/** Runs long tasks one at a time, so that callers cannot hold memory and time without bound. */
export class TaskQueue {
  readonly #what: string;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(what: string) {
    this.#what = what;
  }

  /** Runs a task after those before it. Rejects with a `QueueFull`. */
  async run<Value>(task: () => Promise<Value>): Promise<Value> {
    if (this.#waiting > maxWaiting) throw new QueueFull(this.#what);
    this.#waiting++;
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    return done.finally(() => this.#waiting--);
  }
}
