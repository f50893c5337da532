import { type ClientCredentials, decodeBasicCredentials } from "@carnet/protocol/basic-credentials";
import { parseBearerToken } from "@carnet/protocol/bearer-token";
import { paths } from "@carnet/protocol/endpoints";
import { decodeFormPart } from "@carnet/protocol/form";
import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { TokenEndpointAuthMethod } from "../client/client.ts";
import type { Refusal } from "../refusal.ts";
import { malformed } from "./malformed.ts";
import { type Parameters, readParameters } from "./read-parameters.ts";
import type { CredentialsFlaw, RefusalReason } from "./refusal-reason.ts";
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

/** The credentials of a request. */
export interface PresentedCredentials {
  readonly method: TokenEndpointAuthMethod | "none";
  /** Every possible reading of them. Empty if there are none. See `decodeBasicCredentials`. */
  readonly readings: readonly ClientCredentials[];
  /** Why they cannot match any client. `clientId` is what was sent alone. */
  readonly flaw:
    | { readonly reason: CredentialsFlaw; readonly detail: string; readonly clientId?: string | undefined }
    | undefined;
  /** Whether the client tried to authenticate in the body. */
  readonly inBody: boolean;
}

const credentialParameters: ReadonlySet<string> = new Set(["client_id", "client_secret", "client_assertion"]);

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
  if (!message.version.ok) return refuse("bad_version", message.version.error);
  if (carriesCredentials(message.query.reveal())) {
    // RFC 6749 §2.3.1: the parameters MUST NOT be included in the request URI
    return refuse(
      "credentials_in_query",
      "credentials must not be in the URL: send them in the body or as Basic, and replace the secret, since URLs are logged",
    );
  }
  if (message.body?.reveal() === "") return readEmptyRequest(message);
  const parameters = readParameters(message);
  if (!parameters.ok) return parameters;
  const grantType = parameters.value.grant_type;
  if (grantType === undefined)
    return refuse("no_grant_type", "the parameter grant_type is missing: it must be client_credentials");
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

function readCredentials(
  headers: readonly Redacted<string>[],
  parameters: Parameters,
): Result<PresentedCredentials, Refusal> {
  if (headers.length > 1) return refuse("two_authorization_headers", "there is more than one Authorization header");
  const [scheme = "", encoded = ""] = (headers[0]?.reveal() ?? "").trim().split(/ +/, 2);
  const { client_id: clientId, client_secret: clientSecret } = parameters;
  // Bearer does not authenticate a client, and one public SDK sends it together with body credentials
  if (scheme === "" || scheme.toLowerCase() === "bearer") {
    if (clientId === undefined || clientSecret === undefined) {
      const inBody = clientId !== undefined || clientSecret !== undefined;
      return ok({ inBody, method: "none", readings: [], flaw: incomplete({ clientId, clientSecret, scheme }) });
    }
    const reading = { clientId, clientSecret: new Redacted(clientSecret) };
    return ok({ inBody: true, method: "client_secret_post", readings: [reading], flaw: undefined });
  }
  // RFC 6749 §2.3: not more than one authentication method in each request
  if (clientSecret !== undefined) {
    return refuse(
      "two_auth_methods",
      "the request authenticates twice, in the Authorization header and in the body: choose one",
    );
  }
  // RFC 9110 §11.1: the scheme is case-insensitive
  if (scheme.toLowerCase() !== "basic") {
    const flaw = {
      reason: "other_auth_scheme",
      detail: "the Authorization header is neither Basic nor Bearer",
    } as const;
    return ok({ inBody: false, method: "none", readings: [], flaw });
  }
  const readings = decodeBasicCredentials(encoded);
  if (!readings.ok) {
    const flaw = { reason: "basic_malformed", detail: readings.error } as const;
    return ok({ inBody: false, method: "client_secret_basic", readings: [], flaw });
  }
  const matching = readings.value.filter((reading) => clientId === undefined || reading.clientId === clientId);
  if (matching.length === 0)
    return refuse("two_client_ids", "the Authorization header and the body name different clients");
  return ok({ inBody: false, method: "client_secret_basic", readings: matching, flaw: undefined });
}

function incomplete({
  clientId,
  clientSecret,
  scheme,
}: {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly scheme: string;
}): PresentedCredentials["flaw"] {
  if (clientId !== undefined)
    return { reason: "no_client_secret", detail: "a client_id was sent without a client_secret", clientId };
  if (clientSecret !== undefined)
    return { reason: "no_client_id", detail: "a client_secret was sent without a client_id" };
  if (scheme === "") return { reason: "no_credentials", detail: "no credentials were sent" };
  return { reason: "bearer_instead_of_credentials", detail: "a Bearer token was sent, and no client credentials" };
}

function carriesCredentials(query: string): boolean {
  if (query === "") return false;
  return query.split("&").some((pair) => credentialParameters.has(decodeFormPart(pair.split("=", 1)[0] ?? "") ?? ""));
}

const refuse = (reason: RefusalReason, description: string): Result<never, Refusal> =>
  err(malformed(reason, description));
