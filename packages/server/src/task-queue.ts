/** How many tasks of one caller may wait for the one that runs. */
const maxWaiting = 8;

/** Too many tasks are waiting. Try again in a second. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
  /** `what`: the tasks, such as "searches of the journal". */
  constructor(what: string) {
    super(`${maxWaiting} ${what} are waiting already: try again in a second`);
  }
}

/** Who has a task run: the id of an admin client. null: platform admins and others that are never refused. */
export type TaskCaller = string | null;

/**
 * Runs long tasks one at a time, so that callers cannot hold memory and time without bound. Callers take turns, so that
 * one with many tasks makes each other one wait for one of them, and has only its own refused.
 */
export class TaskQueue {
  readonly #what: string;
  /** The next turn is that of the first caller. Callers without a waiting task have no entry. */
  readonly #waiting = new Map<TaskCaller, readonly (() => Promise<void>)[]>();
  #isRunning = false;

  constructor(what: string) {
    this.#what = what;
  }

  /** Runs a task when it is its turn. Rejects with a `QueueFull`. */
  async run<Value>(task: () => Promise<Value>, caller: TaskCaller): Promise<Value> {
    const own = this.#waiting.get(caller) ?? [];
    if (caller !== null && own.length >= maxWaiting) throw new QueueFull(this.#what);
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    this.#waiting.set(caller, [...own, () => task().then(resolve, reject)]);
    if (!this.#isRunning) void this.#runAll();
    return promise;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (let [turn] = this.#waiting; turn !== undefined; [turn] = this.#waiting) {
      const [caller, [next, ...rest]] = turn;
      this.#waiting.delete(caller);
      if (rest.length > 0) this.#waiting.set(caller, rest);
      await next?.();
    }
    this.#isRunning = false;
  }
}
