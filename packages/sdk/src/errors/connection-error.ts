import { CarnetError } from "./carnet-error.ts";

/** What is known of a request that got no answer. */
export interface NoAnswer {
  /** The address without its query. */
  readonly url: string;
  /** Whether the connection may have stood, so that the server may have seen the request. */
  readonly mayHaveArrived: boolean;
  readonly cause?: Error | undefined;
}

/** No whole answer came: the server could not be reached, or the connection broke. */
export class ConnectionError extends CarnetError {
  readonly code = "ERR_CONNECTION";
  /** The address without its query. */
  readonly url: string;
  /** False where the connection never stood, so that the server cannot have seen the request. */
  readonly mayHaveArrived: boolean;

  constructor(message: string, facts: NoAnswer) {
    super(message, facts.cause);
    this.url = facts.url;
    this.mayHaveArrived = facts.mayHaveArrived;
  }

  override get name(): string {
    return "ConnectionError";
  }
}
