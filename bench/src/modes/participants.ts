import type { Contender } from "../contenders/contender.ts";

/** The contenders of a mode. One that fails drops out, so that it does not cost the figures of all others. */
export class Participants {
  readonly #failures = new Map<Contender, string>();

  /** Why it dropped out, in one sentence. Undefined if it still takes part. */
  failureOf(contender: Contender): string | undefined {
    return this.#failures.get(contender);
  }

  /**
   * Takes a step with a contender that still takes part. Returns undefined if it has dropped out or fails now. Throws if
   * the contender is required, because the others are compared with it.
   */
  async attempt<Value>(contender: Contender, step: () => Promise<Value>): Promise<Value | undefined> {
    if (this.#failures.has(contender)) return undefined;
    try {
      return await step();
    } catch (error) {
      if (contender.required || !(error instanceof Error)) throw error;
      this.#failures.set(contender, error.message);
      const details = error.cause === undefined ? "" : `\n${String(error.cause)}`;
      process.stderr.write(`${contender.title} drops out: ${error.message}${details}\n`);
      return undefined;
    }
  }
}
