import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { Redacted } from "@carnet/protocol/redacted";
import type { RefusalKind } from "@carnet/protocol/refusals";
import type { RefusalFacts } from "./audit/event.ts";
import type { RefusalReason } from "./token/refusal-reason.ts";

/**
 * A refusal as a value. `description` is for the caller: it reveals nothing and repeats nothing that was sent. The rest
 * is for the operator, under the request id.
 */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly description: string;
  readonly reason: RefusalReason;
  readonly detail: string;
  /** The client whose secret or token was right. An unproven client id is not recorded: people paste secrets there. */
  readonly clientId?: ClientId;
  /** The secret that was right, or the secret of the token that was. */
  readonly secretId?: SecretId;
  /** The token that was right. */
  readonly jti?: string;
  /** What the operator needs to understand the refusal, besides the reason. Holds nothing that was sent. */
  readonly facts?: RefusalFacts;
  /** The client id that was sent with the wrong secret, if it can be one. */
  readonly claimedClientId?: Redacted<ClientId> | undefined;
  /** Whether the answer has a challenge that names the Basic scheme. */
  readonly challenged?: boolean;
  /** When to try again, in seconds. */
  readonly retryAfter?: number;
}
