import { CarnetError } from "./carnet-error.ts";

/** A request that got no response. */
export interface NoAnswer {
  /** The URL without its query. */
  readonly url: string;
  /** True if the connection may have been established, so the server may have seen the request. */
  readonly mayHaveArrived: boolean;
}

/** No complete response arrived: the server could not be reached or trusted, or the connection broke. */
export class ConnectionError extends CarnetError<NoAnswer & { readonly untrusted: boolean }> {
  /** The URL without its query. */
  declare readonly url: string;
  /** False if no connection was established, so the server cannot have seen the request. */
  declare readonly mayHaveArrived: boolean;
  /** True if the server's certificate was not accepted. Such a request is not retried. */
  declare readonly untrusted: boolean;

  get code() {
    return "ConnectionError" as const;
  }
}
