import { parseBearerToken } from "@carnet/protocol/bearer-token";
import { paths } from "@carnet/protocol/endpoints";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { Refusal } from "../refusal.ts";
import { malformed, refuseMalformed } from "./malformed.ts";
import { type PresentedCredentials, readCredentials, refuseCredentialsIn } from "./read-credentials.ts";
import { readParameters } from "./read-parameters.ts";
import type { TokenRequestMessage } from "./token-request-message.ts";

/** A parsed token request. Nothing after this sees the raw one. */
export type ParsedTokenRequest = TokenRequest | TokenReturnRequest;

/** Exchanges credentials for a token. */
export interface TokenRequest {
  readonly kind: "exchange";
  readonly credentials: PresentedCredentials;
  /** As requested; undefined if absent. Parsed only after the client is authenticated. */
  readonly scope: Redacted<string> | undefined;
}

/** An empty request with nothing but a token, which may be ours: see `return-token.ts`. */
export interface TokenReturnRequest {
  readonly kind: "return";
  readonly token: Redacted<string>;
}

const parameterNames = ["grant_type", "client_id", "client_secret", "scope"] as const;

/**
 * Parses a token request: version, transport, parameters, grant type and credentials. Refuses with `pathSunset`,
 * `malformedRequest` or `unsupportedGrantType`. Does not check the scope.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2
 */
export function parseTokenRequest(
  message: TokenRequestMessage,
  at: { readonly now: number; readonly sunsetAt: number },
): Result<ParsedTokenRequest, Refusal> {
  if (message.path === paths.deprecatedToken && at.now >= at.sunsetAt) {
    const withdrawn = `this path has been withdrawn: send the same request to ${paths.token}`;
    return err({ ...malformed("path_sunset", withdrawn), kind: "pathSunset" });
  }
  if (!message.version.ok) return refuseMalformed("bad_version", message.version.error);
  const query = refuseCredentialsIn(message.query);
  if (!query.ok) return query;
  if (message.body?.reveal() === "") return readEmptyRequest(message);
  const parameters = readParameters(message, parameterNames);
  if (!parameters.ok) return parameters;
  const grantType = parameters.value.grant_type;
  if (grantType === undefined)
    return refuseMalformed("no_grant_type", "the parameter grant_type is missing: it must be client_credentials");
  if (grantType !== "client_credentials") {
    const unsupported = "the grant_type is not supported: it must be client_credentials, in lower case";
    return err({ ...malformed("other_grant_type", unsupported), kind: "unsupportedGrantType" });
  }
  const credentials = readCredentials(message.authorization, parameters.value);
  if (!credentials.ok) return credentials;
  const { scope } = parameters.value;
  return ok({
    kind: "exchange",
    credentials: credentials.value,
    scope: scope === undefined ? undefined : new Redacted(scope),
  });
}

function readEmptyRequest({ contentType, authorization }: TokenRequestMessage): Result<TokenReturnRequest, Refusal> {
  const token = contentType === undefined ? parseBearerToken(authorization[0]?.reveal() ?? "") : undefined;
  if (token === undefined || authorization.length > 1) return err(emptyBody);
  return ok({ kind: "return", token: new Redacted(token) });
}

/** The refusal of an empty request, whatever its Authorization header is. */
export const emptyBody = malformed(
  "empty_body",
  "the body is empty: send grant_type=client_credentials with the client's credentials",
);
