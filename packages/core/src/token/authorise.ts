import { err, ok, type Result } from "@carnet/protocol/result";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import type { ProvenSecret, TokenClient } from "../client/token-client.ts";
import type { Refusal } from "../refusal.ts";
import type { TokenRequest } from "./parse-token-request.ts";
import type { PresentedCredentials } from "./read-credentials.ts";
import { listed } from "./refusal-facts.ts";
import type { GrantFlaw } from "./refusal-reason.ts";

/** An authenticated client and the scopes that its token will have. */
export interface Grant extends ProvenSecret {
  readonly scopes: readonly string[];
}

/**
 * Decides which scopes an authenticated client is granted. Refuses with `unauthorizedClient` or `invalidScope`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
export function authorise(caller: ProvenSecret, request: TokenRequest): Result<Grant, Refusal> {
  const { scopes, scopePolicy } = caller.client;
  const permitted = checkAuthMethod(caller, request.credentials);
  if (!permitted.ok) return permitted;
  const granted = grantScopes(caller.client, request.scope?.reveal());
  if (granted.ok) return ok({ ...caller, scopes: granted.value });
  const facts = { registered: listed(scopes), scope_policy: scopePolicy };
  return refuse(caller, { kind: "invalidScope", ...granted.error, facts });
}

/** Checks that an authenticated client used the method that it must use. Refuses with `unauthorizedClient`. */
export function checkAuthMethod(
  caller: ProvenSecret,
  { method: used }: Pick<PresentedCredentials, "method">,
): Result<undefined, Refusal> {
  const { tokenEndpointAuthMethod: required } = caller.client;
  if (required === null || required === used) return ok(undefined);
  const description = `this client must authenticate by ${required}`;
  return refuse(caller, {
    ...{ kind: "unauthorizedClient", reason: "auth_method_not_allowed", description, detail: description },
    facts: { required_method: required, used_method: used },
  });
}

interface ScopeRefusal extends Pick<Refusal, "description" | "detail"> {
  readonly reason: GrantFlaw;
}

function grantScopes(client: TokenClient, requested: string | undefined): Result<readonly string[], ScopeRefusal> {
  if (requested === undefined) return ok(client.scopes); // RFC 6749 §3.3: omitted, so a pre-defined default
  const parsed = parseScope(requested);
  if (!parsed.ok) {
    const { description } = parsed.error;
    return err({ reason: "scope_malformed", description, detail: description });
  }
  const wanted = new Set(parsed.value);
  const granted = client.scopes.filter((name) => wanted.has(name));
  switch (client.scopePolicy) {
    case "ignore":
      return ok(client.scopes);
    case "strict":
      return granted.length === wanted.size
        ? ok(granted)
        : notGranted(client, "a requested scope is not registered for this client, whose scope policy is strict");
    case "narrow":
      return granted.length > 0
        ? ok(granted)
        : notGranted(client, "none of the requested scopes can be granted to this client");
    default:
      return client.scopePolicy satisfies never;
  }
}

const notGranted = ({ scopes }: TokenClient, detail: string): Result<never, ScopeRefusal> => {
  const description = `${detail}; registered for it: ${formatScope(scopes) || "no scope"}`;
  return err({ reason: "scope_not_granted", description, detail });
};

const refuse = ({ client, secret }: ProvenSecret, refusal: Refusal): Result<never, Refusal> =>
  err({ ...refusal, clientId: client.clientId, secretId: secret.secretId });
