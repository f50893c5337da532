import type { TokenPath } from "@carnet/protocol/endpoints";
import type { Redacted } from "@carnet/protocol/redacted";

/** A token request as it came in, with nothing read into it yet. */
export interface TokenRequestMessage {
  readonly requestId: string;
  readonly path: TokenPath;
  /** What follows the question mark, or "". */
  readonly query: Redacted<string>;
  readonly contentType: string | undefined;
  /** Each `Authorization` header that was sent. */
  readonly authorization: readonly Redacted<string>[];
  readonly version: string | undefined;
  /** undefined: the bytes were not UTF-8. */
  readonly body: Redacted<string> | undefined;
  /** The IP address of the peer. */
  readonly address: string;
}
