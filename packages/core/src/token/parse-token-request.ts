import { type ClientCredentials, decodeBasicCredentials } from "@carnet/protocol/basic-credentials";
import { paths } from "@carnet/protocol/endpoints";
import { decodeForm, decodeFormPart, type Parameter } from "@carnet/protocol/form";
import { decodeJsonObject } from "@carnet/protocol/json-object";
import { parseTokenRequestFormat } from "@carnet/protocol/media-type";
import { Redacted } from "@carnet/protocol/redacted";
import type { RefusalKind } from "@carnet/protocol/refusals";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { TokenEndpointAuthMethod } from "../client/client.ts";
import type { Refusal } from "../refusal.ts";
import type { TokenRequestMessage } from "./token-request-message.ts";

/** A parsed token request. Nothing after this sees the raw one. */
export interface TokenRequest {
  readonly credentials: PresentedCredentials;
  /** As requested; undefined if absent. Parsed only after the client is authenticated. */
  readonly scope: string | undefined;
}

/** The credentials of a request. */
export interface PresentedCredentials {
  readonly method: TokenEndpointAuthMethod | "none";
  /** Every possible reading of them. Empty if there are none. See `decodeBasicCredentials`. */
  readonly readings: readonly ClientCredentials[];
  /** Why they cannot match any client. */
  readonly flaw: string | undefined;
}

const knownParameters = ["grant_type", "client_id", "client_secret", "scope"] as const;
type KnownParameter = (typeof knownParameters)[number];
type Parameters = Partial<Record<KnownParameter, string>>;

const credentialParameters: ReadonlySet<string> = new Set(["client_id", "client_secret", "client_assertion"]);

/**
 * Parses a token request: version, transport, parameters, grant type and credentials. Refuses with `pathSunset`,
 * `malformedRequest` or `unsupportedGrantType`. Does not check the scope.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2
 */
export function parseTokenRequest(
  message: TokenRequestMessage,
  at: { readonly now: number; readonly sunsetAt: number },
): Result<TokenRequest, Refusal> {
  if (message.path === paths.deprecatedToken && at.now >= at.sunsetAt) {
    return refuse("path_sunset", `this path has been withdrawn: send the same request to ${paths.token}`, "pathSunset");
  }
  if (!message.version.ok) return refuse("bad_version", message.version.error);
  if (carriesCredentials(message.query.reveal())) {
    // RFC 6749 §2.3.1: the parameters MUST NOT be included in the request URI
    return refuse(
      "credentials_in_query",
      "credentials must not be in the URL: send them in the body or as Basic, and replace the secret, since URLs are logged",
    );
  }
  const parameters = readParameters(message);
  if (!parameters.ok) return parameters;
  const grantType = parameters.value.grant_type;
  if (grantType === undefined)
    return refuse("no_grant_type", "the parameter grant_type is missing: it must be client_credentials");
  if (grantType !== "client_credentials") {
    return refuse(
      "other_grant_type",
      "the grant_type is not supported: it must be client_credentials, in lower case",
      "unsupportedGrantType",
    );
  }
  const credentials = readCredentials(message.authorization, parameters.value);
  if (!credentials.ok) return credentials;
  return ok({ credentials: credentials.value, scope: parameters.value.scope });
}

function readParameters(message: TokenRequestMessage): Result<Parameters, Refusal> {
  const body = message.body?.reveal();
  if (body === "")
    return refuse("empty_body", "the body is empty: send grant_type=client_credentials with the client's credentials");
  const format = parseTokenRequestFormat(message.contentType);
  if (!format.ok) return refuse("bad_content_type", format.error);
  if (body === undefined)
    return refuse("not_utf8", "the body is not valid UTF-8: send it as UTF-8 text, and not compressed");
  if (format.value === "json") {
    const members = decodeJsonObject(body);
    return members.ok
      ? pick(members.value)
      : refuse("bad_json", `${members.error}: send one object with string values`);
  }
  if (/^\s*[{[]/.test(body)) {
    return refuse(
      "json_as_form",
      "the body is JSON but the Content-Type is application/x-www-form-urlencoded: change one of the two",
    );
  }
  const pairs = decodeForm(body);
  return pairs.ok
    ? pick(pairs.value)
    : refuse(
        "bad_form",
        `parameter ${pairs.error.pair} of the body has a broken percent-encoding: escape % as %25, and encode text as UTF-8`,
      );
}

function pick(parameters: readonly Parameter[]): Result<Parameters, Refusal> {
  const picked: Parameters = {};
  const seen = new Set<string>();
  for (const { name, value } of parameters) {
    const known = knownParameters.find((parameter) => parameter === name);
    if (known === undefined) continue; // RFC 6749 §3.2: unrecognized parameters are ignored
    // RFC 6749 §3.2: parameters MUST NOT be included more than once
    if (seen.has(known)) return refuse("repeated_parameter", `the parameter ${known} was sent more than once`);
    seen.add(known);
    if (value !== "") picked[known] = value; // RFC 6749 §3.2: sent without a value, treated as omitted
  }
  return ok(picked);
}

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
      return ok({ method: "none", readings: [], flaw: "no complete credentials were sent" });
    }
    return ok({
      method: "client_secret_post",
      readings: [{ clientId, clientSecret: new Redacted(clientSecret) }],
      flaw: undefined,
    });
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
    return ok({
      method: "none",
      readings: [],
      flaw: "the Authorization header is neither Basic nor Bearer",
    });
  }
  const readings = decodeBasicCredentials(encoded);
  if (!readings.ok) return ok({ method: "client_secret_basic", readings: [], flaw: readings.error });
  const matching = readings.value.filter((reading) => clientId === undefined || reading.clientId === clientId);
  if (matching.length === 0)
    return refuse("two_client_ids", "the Authorization header and the body name different clients");
  return ok({ method: "client_secret_basic", readings: matching, flaw: undefined });
}

function carriesCredentials(query: string): boolean {
  if (query === "") return false;
  return query.split("&").some((pair) => credentialParameters.has(decodeFormPart(pair.split("=", 1)[0] ?? "") ?? ""));
}

function refuse(reason: string, description: string, kind: RefusalKind = "malformedRequest"): Result<never, Refusal> {
  return err({ kind, reason, description, detail: description });
}
