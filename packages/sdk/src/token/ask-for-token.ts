import { invalid } from "../errors/invalid-request-error.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import { checkSecurity, type Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { BearerToken } from "./bearer-token.ts";
import { requestToken } from "./token-request.ts";
import { withSecurity } from "./with-security.ts";

/** The parameters of a token request. Each defaults to the SDK's options. */
export interface TokenRequest {
  /** The only grant that the SDK supports. */
  readonly grantType?: "client_credentials" | undefined;
  /** Default: that of `security`. */
  readonly clientId?: string | undefined;
  /** Default: that of `security`. */
  readonly clientSecret?: string | undefined;
  /** The scopes to request. Default: those of the SDK, else all scopes of the client. */
  readonly scope?: Scopes | undefined;
}

/** Requests a new token with the request's own credentials, else the configured ones. */
export async function askForToken(
  settings: Settings,
  request: TokenRequest = {},
  options: RequestOptions = {},
): Promise<BearerToken> {
  const { grantType = "client_credentials", clientId, clientSecret } = request;
  if (grantType !== "client_credentials") throw invalid("grantType", "must be client_credentials");
  const scope = scopeSet(request.scope ?? settings.scopes).join(" ");
  const send = async (configured?: Security): Promise<BearerToken> => {
    const own = { clientId: clientId ?? configured?.clientId, clientSecret: clientSecret ?? configured?.clientSecret };
    return (await requestToken(settings, { security: checkSecurity(own), scope, options })).token;
  };
  const isOwn = clientId !== undefined && clientSecret !== undefined;
  return isOwn ? send() : withSecurity(settings, options.signal, send);
}
