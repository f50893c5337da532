import { orAbort } from "../http/pause.ts";

/** One piece of work that any number of callers wait for; each may leave alone, and the last to leave ends it. */
export class Flight<T> {
  readonly #controller = new AbortController();
  readonly #outcome: Promise<T>;
  #unattended: boolean;
  #waiting = 0;

  /** @param unattended whether the work goes on with nobody waiting */
  constructor(work: (signal: AbortSignal) => Promise<T>, unattended: boolean) {
    this.#unattended = unattended;
    this.#outcome = work(this.#controller.signal);
    this.#outcome.catch(() => {}); // Those who wait see the failure; where nobody waits, nobody need see it.
  }

  /** Whether the last one who waited has left, so that there will be no outcome. */
  get ended(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The outcome, or an error as soon as `signal` is aborted. */
  async join(signal: AbortSignal | null | undefined): Promise<T> {
    this.#waiting++;
    try {
      return await orAbort(this.#outcome, signal);
    } finally {
      this.#waiting--;
      this.#endIfUnwanted();
    }
  }

  /** Ends the work unless someone waits for it. */
  castOff(): void {
    this.#unattended = false;
    this.#endIfUnwanted();
  }

  #endIfUnwanted(): void {
    if (!this.#unattended && this.#waiting === 0) this.#controller.abort();
  }
}
