import { Redacted } from "@carnet/protocol/redacted";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { Refusal } from "../refusal.ts";
import type { ClientMessage } from "./client-message.ts";
import { malformed } from "./malformed.ts";
import { namesIn, type PresentedCredentials, readCredentials, refuseCredentialsIn } from "./read-credentials.ts";
import { readParameters } from "./read-parameters.ts";

/** A parsed request to introspect or revoke a token. Nothing after this sees the raw one. */
export interface TokenQuery {
  readonly credentials: PresentedCredentials;
  readonly token: Redacted<string>;
}

/** `token_type_hint` has no effect, because there is one type of token, but it must not be sent twice. */
const parameterNames = ["token", "token_type_hint", "client_id", "client_secret"] as const;

/**
 * Parses a request to introspect or revoke a token: transport, parameters and credentials. Refuses with
 * `malformedRequest`. Does not look into the token.
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 */
export function parseTokenQuery(message: ClientMessage): Result<TokenQuery, Refusal> {
  const query = refuseCredentialsIn(message.query);
  if (!query.ok) return query;
  // RFC 7662 §2.1 and RFC 7009 §2.1: the parameters are sent in the body
  if (namesIn(message.query.reveal()).includes("token")) return err(tokenInQuery);
  const parameters = readParameters(message, parameterNames);
  if (!parameters.ok) return parameters;
  const { token } = parameters.value;
  if (token === undefined) return err(noToken);
  const credentials = readCredentials(message.authorization, parameters.value);
  return credentials.ok ? ok({ credentials: credentials.value, token: new Redacted(token) }) : credentials;
}

const tokenInQuery = malformed(
  "token_in_query",
  "the token must not be in the URL: send it in the body, and revoke it, since URLs are logged",
);

const noToken = malformed("no_token", "the parameter token is missing: send token=<access token> in the body");
