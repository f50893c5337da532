import { CarnetError } from "./carnet-error.ts";
import type { NoAnswer } from "./connection-error.ts";

/** One attempt took longer than `timeoutMs`, or the runtime's own connection timeout passed. */
export class RequestTimeoutError extends CarnetError<NoAnswer & { readonly timeoutMs: number | undefined }> {
  /** The URL without its query. */
  declare readonly url: string;
  /** False if no connection was established, so the server cannot have seen the request. */
  declare readonly mayHaveArrived: boolean;
  /** The limit in milliseconds. Undefined if it was the runtime's own connection timeout. */
  declare readonly timeoutMs: number | undefined;

  get code() {
    return "RequestTimeoutError" as const;
  }
}
