import type { ClientId } from "@carnet/protocol/ids";
import type { RefusalKind } from "@carnet/protocol/refusals";

/**
 * A refusal as a value. `description` goes to the caller: it holds nothing that the caller must not know, and nothing
 * that it sent. The rest goes to the operator, under the request id.
 */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly description: string;
  /** One word for a log search, such as `wrong_secret`. */
  readonly reason: string;
  readonly detail: string;
  /** The registered client that was named, proven or not. An unregistered name is never kept: it may be a secret. */
  readonly clientId?: ClientId;
  /** When it is worth trying again, in seconds. */
  readonly retryAfter?: number;
}
