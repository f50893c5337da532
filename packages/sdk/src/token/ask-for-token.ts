import { invalid } from "../errors/invalid-request-error.ts";
import { checkNames } from "../settings/names.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type Parameters, parameterForm } from "../settings/parameters.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import { checkSecurity, type Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import { type BearerToken, bearerToken } from "./bearer-token.ts";
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
  /** Further parameters, such as `audience` or `resource`. Each replaces the SDK's parameter of that name. */
  readonly parameters?: Parameters | undefined;
}

const REQUEST: Record<keyof TokenRequest, 1> = { grantType: 1, clientId: 1, clientSecret: 1, scope: 1, parameters: 1 };
const OPTIONS: Record<keyof RequestOptions, 1> = {
  retries: 1,
  retryCodes: 1,
  timeoutMs: 1,
  serverURL: 1,
  headers: 1,
  signal: 1,
};

/** Requests a new token with the request's own credentials, else the configured ones. */
export async function askForToken(
  settings: Settings,
  request: TokenRequest = {},
  options: RequestOptions = {},
): Promise<BearerToken> {
  checkNames(request, REQUEST);
  checkNames(options, OPTIONS);
  const { grantType = "client_credentials", clientId, clientSecret } = request;
  if (grantType !== "client_credentials") throw invalid("grantType", "must be client_credentials");
  const scope = scopeSet(request.scope ?? settings.scopes).join(" ");
  const parameters = parameterForm(request.parameters, settings.parameters);
  const isServerChosen = settings.isServerChosen || options.serverURL !== undefined;
  const send = async (configured?: Security): Promise<BearerToken> => {
    const own = { clientId: clientId ?? configured?.clientId, clientSecret: clientSecret ?? configured?.clientSecret };
    const security = checkSecurity(own, isServerChosen);
    return bearerToken(settings, await requestToken(settings, { security, scope, parameters, options }), {});
  };
  const isOwn = clientId !== undefined && clientSecret !== undefined;
  return isOwn ? send() : withSecurity(settings, options.signal, send);
}
