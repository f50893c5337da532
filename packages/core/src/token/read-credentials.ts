import { type ClientCredentials, decodeBasicCredentials } from "@carnet/protocol/basic-credentials";
import { decodeFormPart } from "@carnet/protocol/form";
import { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import type { TokenEndpointAuthMethod } from "../client/client.ts";
import type { Refusal } from "../refusal.ts";
import { refuseMalformed } from "./malformed.ts";
import type { Parameters } from "./read-parameters.ts";
import type { CredentialsFlaw } from "./refusal-reason.ts";

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

/** Refuses credentials in the query with `malformedRequest`. */
export function refuseCredentialsIn(query: Redacted<string>): Result<undefined, Refusal> {
  if (!namesIn(query.reveal()).some((name) => credentialParameters.has(name))) return ok(undefined);
  // RFC 6749 §2.3.1: the parameters MUST NOT be included in the request URI
  return refuseMalformed(
    "credentials_in_query",
    "credentials must not be in the URL: send them in the body or as Basic, and replace the secret, since URLs are logged",
  );
}

/** The names of the parameters of a query. */
export const namesIn = (query: string): readonly string[] =>
  query === "" ? [] : query.split("&").map((pair) => decodeFormPart(pair.split("=", 1)[0] ?? "") ?? "");

/**
 * Reads the credentials of a client from the `Authorization` headers and the body. Refuses with `malformedRequest` what
 * contradicts itself; a `flaw` is refused only when the client is authenticated.
 */
export function readCredentials(
  headers: readonly Redacted<string>[],
  parameters: Parameters<"client_id" | "client_secret">,
): Result<PresentedCredentials, Refusal> {
  if (headers.length > 1)
    return refuseMalformed("two_authorization_headers", "there is more than one Authorization header");
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
    return refuseMalformed(
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
    return refuseMalformed("two_client_ids", "the Authorization header and the body name different clients");
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
