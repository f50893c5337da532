import { CarnetError } from "./carnet-error.ts";

/** What is known of a request that got no answer. */
export interface NoAnswer {
  /** The address without its query. */
  readonly url: string;
  /** Whether the connection may have stood, so that the server may have seen the request. */
  readonly mayHaveArrived: boolean;
}

/** No whole answer came: the server could not be reached, or the connection broke. */
export class ConnectionError extends CarnetError<NoAnswer> {
  /** The address without its query. */
  declare readonly url: string;
  /** False where the connection never stood, so that the server cannot have seen the request. */
  declare readonly mayHaveArrived: boolean;

  get code() {
    return "ConnectionError" as const;
  }
}
