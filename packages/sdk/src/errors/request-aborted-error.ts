import { CarnetError } from "./carnet-error.ts";

/** The caller's `signal` was aborted, or the SDK was closed, before the response arrived. */
export class RequestAbortedError extends CarnetError {
  get code() {
    return "RequestAbortedError" as const;
  }
}
