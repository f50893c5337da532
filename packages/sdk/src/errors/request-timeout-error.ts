import { CarnetError } from "./carnet-error.ts";
import type { NoAnswer } from "./connection-error.ts";

/** One attempt took longer than `timeoutMs`, or the runtime gave up connecting. */
export class RequestTimeoutError extends CarnetError {
  readonly code = "ERR_TIMEOUT";
  /** The address without its query. */
  readonly url: string;
  /** False where the connection never stood, so that the server cannot have seen the request. */
  readonly mayHaveArrived: boolean;
  /** The limit in milliseconds; undefined where it is the runtime's own limit for connecting. */
  readonly timeoutMs: number | undefined;

  constructor(message: string, facts: NoAnswer & { readonly timeoutMs: number | undefined }) {
    super(message, facts.cause);
    this.url = facts.url;
    this.mayHaveArrived = facts.mayHaveArrived;
    this.timeoutMs = facts.timeoutMs;
  }

  override get name(): string {
    return "RequestTimeoutError";
  }
}
