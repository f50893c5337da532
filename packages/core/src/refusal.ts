import type { ClientId } from "@carnet/protocol/ids";
import type { RefusalKind } from "@carnet/protocol/refusals";

/**
 * A refusal as a value. `description` is for the caller: it reveals nothing and repeats nothing that was sent. The rest
 * is for the operator, under the request id.
 */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly description: string;
  /** One word for a log search, such as `secret_expired`. */
  readonly reason: string;
  readonly detail: string;
  /** The client whose secret or token was right. An unproven client id is not recorded: people paste secrets there. */
  readonly clientId?: ClientId;
  /** Whether the answer has a challenge that names the Basic scheme. */
  readonly challenged?: boolean;
  /** When to try again, in seconds. */
  readonly retryAfter?: number;
}
