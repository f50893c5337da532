import type { ClientPath } from "@carnet/protocol/endpoints";
import type { Redacted } from "@carnet/protocol/redacted";
import type { Result } from "@carnet/protocol/result";
import type { ApiVersion } from "@carnet/protocol/versions";

/** A request in which a client authenticates itself, as it was received, not parsed yet. */
export interface ClientMessage {
  readonly requestId: string;
  readonly path: ClientPath;
  /** The query without the question mark, or "". */
  readonly query: Redacted<string>;
  readonly contentType: string | undefined;
  /** Each `Authorization` header that was sent. */
  readonly authorization: readonly Redacted<string>[];
  /** The resolved `X-Version`, or why it was refused. undefined: the path has no versions. */
  readonly version: Result<ApiVersion, string> | undefined;
  /** undefined: the bytes were not UTF-8. */
  readonly body: Redacted<string> | undefined;
  /** The IP address of the peer. */
  readonly address: string;
}
