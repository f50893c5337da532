import type { ConnectionError } from "../errors/connection-error.ts";
import type { RequestTimeoutError } from "../errors/request-timeout-error.ts";

/** A request that failed and will be sent again. */
export interface RetryNotice {
  /** The number of the coming attempt, from 2. */
  readonly attempt: number;
  /** The most attempts that there will be. */
  readonly attempts: number;
  /** The wait before it, in milliseconds. */
  readonly waitMs: number;
  /** The status of the response. Undefined if there was none. */
  readonly status: number | undefined;
  /** Why there was no response. */
  readonly error: ConnectionError | RequestTimeoutError | undefined;
}

/** Is told before each wait. What it throws is ignored. */
export type OnRetry = (notice: RetryNotice) => void;
