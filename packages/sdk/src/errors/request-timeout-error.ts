import { CarnetError } from "./carnet-error.ts";
import type { NoAnswer } from "./connection-error.ts";

/** One attempt took longer than `timeoutMs`, or the runtime gave up connecting. */
export class RequestTimeoutError extends CarnetError<NoAnswer & { readonly timeoutMs: number | undefined }> {
  /** The address without its query. */
  declare readonly url: string;
  /** False where the connection never stood, so that the server cannot have seen the request. */
  declare readonly mayHaveArrived: boolean;
  /** The limit in milliseconds; undefined where it is the runtime's own limit for connecting. */
  declare readonly timeoutMs: number | undefined;

  get code() {
    return "RequestTimeoutError" as const;
  }
}
