import type { TokenPath } from "@carnet/protocol/endpoints";
import type { Result } from "@carnet/protocol/result";
import type { ApiVersion } from "@carnet/protocol/versions";
import type { ClientMessage } from "./client-message.ts";

/** A token request as it was received, not parsed yet. */
export interface TokenRequestMessage extends ClientMessage {
  readonly path: TokenPath;
  readonly version: Result<ApiVersion, string>;
}
