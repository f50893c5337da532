import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import type { Result } from "../result.ts";
import { type SDKCore, settingsOf } from "../sdk-core.ts";
import type { RequestOptions } from "../settings/options.ts";
import { type Scopes, scopeSet } from "../settings/scopes.ts";
import { checkCredential, checkSecurity, type Security } from "../settings/security.ts";
import type { Settings } from "../settings/settings.ts";
import type { BearerToken } from "../token/bearer-token.ts";
import { type Grant, requestToken } from "../token/token-request.ts";
import { withSecurity } from "../token/with-security.ts";
import { wrap } from "./unwrap.ts";

/** What to ask for; each member defaults to what the SDK was made with. */
export interface TokenRequest {
  readonly grantType?: "client_credentials" | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scope?: Scopes | undefined;
}

/** Asks the server for a new token, always; gives what `sdk.iam.tokenRequest` returns or throws as a value. */
export function iamTokenRequest(
  core: SDKCore,
  request: TokenRequest = {},
  options: RequestOptions = {},
): Promise<Result<BearerToken, AnyCarnetError>> {
  return wrap(async () => (await ask(settingsOf(core), request, options)).token);
}

function ask(settings: Settings, request: TokenRequest, options: RequestOptions): Promise<Grant> {
  const { grantType = "client_credentials", clientId, clientSecret } = request;
  if (grantType !== "client_credentials") {
    throw new InvalidRequestError("grantType must be client_credentials, the one grant there is.", {
      field: "grantType",
    });
  }
  const scope = scopeSet("scope", request.scope ?? settings.scopes).join(" ");
  const send = (security: Security): Promise<Grant> => requestToken(settings, { security, scope, options });
  if (clientId !== undefined && clientSecret !== undefined) {
    return send(
      checkSecurity({
        clientId: checkCredential("clientId", clientId),
        clientSecret: checkCredential("clientSecret", clientSecret),
      }),
    );
  }
  return withSecurity(settings, options.signal, (configured) =>
    send(
      checkSecurity({
        clientId: checkCredential("clientId", clientId ?? configured.clientId),
        clientSecret: checkCredential("clientSecret", clientSecret ?? configured.clientSecret),
      }),
    ),
  );
}
