import { err, ok, type Result } from "@carnet/protocol/result";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import type { TokenClient } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import type { AuthenticatedClient } from "./authenticate-client.ts";
import type { TokenRequest } from "./parse-token-request.ts";

/** What a token may be made out for. */
export interface Grant extends AuthenticatedClient {
  readonly scopes: readonly string[];
}

/**
 * Decides what an authenticated client is granted. Refuses with `unauthorizedClient` or `invalidScope`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
export function authorise(caller: AuthenticatedClient, request: TokenRequest): Result<Grant, Refusal> {
  const required = caller.client.tokenEndpointAuthMethod;
  if (required !== null && required !== request.credentials.method) {
    return refuse(caller, "auth_method_not_allowed", {
      kind: "unauthorizedClient",
      description: `this client must authenticate by ${required}`,
    });
  }
  const scopes = grantScopes(caller.client, request.scope);
  if (!scopes.ok) return refuse(caller, "scope_not_granted", { kind: "invalidScope", description: scopes.error });
  return ok({ ...caller, scopes: scopes.value });
}

function grantScopes(client: TokenClient, asked: string | undefined): Result<readonly string[], string> {
  if (asked === undefined) return ok(client.scopes); // RFC 6749 §3.3: omitted, so a pre-defined default
  const parsed = parseScope(asked);
  if (!parsed.ok) return err(parsed.error.description);
  const wanted = new Set(parsed.value);
  const granted = client.scopes.filter((name) => wanted.has(name));
  const registered = `registered for it: ${formatScope(client.scopes) || "no scope"}`;
  switch (client.scopePolicy) {
    case "ignore":
      return ok(client.scopes);
    case "strict":
      return granted.length === wanted.size
        ? ok(granted)
        : err(`a scope was asked that this client is not registered for, and its policy is strict; ${registered}`);
    case "narrow":
      return granted.length > 0
        ? ok(granted)
        : err(`no scope that was asked can be granted to this client; ${registered}`);
    default:
      return client.scopePolicy satisfies never;
  }
}

const refuse = (
  { client }: AuthenticatedClient,
  reason: string,
  told: Pick<Refusal, "kind" | "description">,
): Result<never, Refusal> => err({ ...told, reason, detail: told.description, clientId: client.clientId });
