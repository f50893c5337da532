import { CarnetError } from "./carnet-error.ts";

/** The caller's `signal` was aborted, or the SDK was closed, before the response arrived. Its `name` is `AbortError`. */
export class RequestAbortedError extends CarnetError {
  get code() {
    return "RequestAbortedError" as const;
  }

  /** The name that libraries look for. */
  override get name(): string {
    return "AbortError";
  }
}
