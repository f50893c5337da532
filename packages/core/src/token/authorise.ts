import { err, ok, type Result } from "@carnet/protocol/result";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import type { ProvenSecret, TokenClient } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import type { TokenRequest } from "./parse-token-request.ts";

/** An authenticated client and the scopes that its token will have. */
export interface Grant extends ProvenSecret {
  readonly scopes: readonly string[];
}

/**
 * Decides which scopes an authenticated client is granted. Refuses with `unauthorizedClient` or `invalidScope`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
export function authorise(caller: ProvenSecret, request: TokenRequest): Result<Grant, Refusal> {
  const required = caller.client.tokenEndpointAuthMethod;
  if (required !== null && required !== request.credentials.method) {
    return refuse(caller, "auth_method_not_allowed", {
      kind: "unauthorizedClient",
      description: `this client must authenticate by ${required}`,
    });
  }
  const scopes = grantScopes(caller.client, request.scope?.reveal());
  if (!scopes.ok) return refuse(caller, "scope_not_granted", { kind: "invalidScope", description: scopes.error });
  return ok({ ...caller, scopes: scopes.value });
}

function grantScopes(client: TokenClient, requested: string | undefined): Result<readonly string[], string> {
  if (requested === undefined) return ok(client.scopes); // RFC 6749 §3.3: omitted, so a pre-defined default
  const parsed = parseScope(requested);
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
        : err(`a requested scope is not registered for this client, whose scope policy is strict; ${registered}`);
    case "narrow":
      return granted.length > 0
        ? ok(granted)
        : err(`none of the requested scopes can be granted to this client; ${registered}`);
    default:
      return client.scopePolicy satisfies never;
  }
}

const refuse = (
  { client }: ProvenSecret,
  reason: string,
  answer: Pick<Refusal, "kind" | "description">,
): Result<never, Refusal> => err({ ...answer, reason, detail: answer.description, clientId: client.clientId });
