import {
  type IntrospectionClaims,
  type IntrospectionResponse,
  introspectionType,
} from "@carnet/protocol/introspection-response";
import { Redacted } from "@carnet/protocol/redacted";
import { tokenResponseHeaders } from "@carnet/protocol/token-response-headers";
import type { TokenClient } from "../client/token-client.ts";
import type { TokenPolicy } from "../token/mint.ts";
import type { TokenAnswer } from "../token/render.ts";
import type { SignedToken } from "../token/token-signer.ts";

/** @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2 */
export const renderIntrospection = (result: IntrospectionResponse): TokenAnswer => ({
  status: 200,
  headers: tokenResponseHeaders,
  body: new Redacted(JSON.stringify(result)),
});

/** The claims of a signed answer. It has no `sub` and no `exp`, so that nobody takes it for an access token. */
export const introspectionClaims = (
  result: IntrospectionResponse,
  { caller, now, policy }: { readonly caller: TokenClient; readonly now: number; readonly policy: TokenPolicy },
): IntrospectionClaims => ({
  iss: policy.issuer,
  aud: caller.clientId,
  iat: Math.floor(now / 1000),
  token_introspection: result,
});

/** @see https://www.rfc-editor.org/rfc/rfc9701#section-5 */
export const renderSignedIntrospection = ({ token }: SignedToken): TokenAnswer => ({
  status: 200,
  headers: { ...tokenResponseHeaders, "Content-Type": `application/${introspectionType}` },
  body: new Redacted(token),
});
