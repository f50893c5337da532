import { parseScope } from "@carnet/protocol/scope";
import type { RefusalFacts } from "../audit/event.ts";
import type { Client } from "../client/client.ts";
import { type ClientSecret, fixedEndOf, idleEndOf } from "../client/client-secret.ts";
import type { Refusal } from "../refusal.ts";
import type { ScopeStore } from "../scope/scope-catalogue.ts";
import type { TokenRequest } from "./parse-token-request.ts";
import type { HolderFlaw } from "./refusal-reason.ts";

/** What `explain` needs to know about a refusal besides its reason. */

interface Holder {
  readonly client: Pick<Client, "expiresAt" | "ipAllowlist">;
  readonly secret: Pick<ClientSecret, "revokedAt" | "expiresAt" | "notBefore" | "idle"> &
    Partial<Pick<ClientSecret, "mustBeUsedBy">>;
}

/** The facts behind the refusal of a right secret. `lastUse`: of the secret. */
export function factsOfHolder(
  reason: HolderFlaw,
  { client, secret }: Holder,
  lastUse: { readonly at: number } | null,
): RefusalFacts {
  switch (reason) {
    case "secret_revoked":
      return times({ revoked_at: secret.revokedAt });
    case "secret_expired":
      return times({ expired_at: fixedEndOf(secret) });
    case "secret_pending":
      return times({ not_before: secret.notBefore });
    case "secret_idle":
      return times({ last_used_at: lastUse?.at ?? null, ended_at: secret.idle && idleEndOf(secret.idle, lastUse) });
    case "client_expired":
      return times({ expired_at: client.expiresAt });
    case "address_not_allowed":
      return { allow_list: listed(client.ipAllowlist.map(({ text }) => text)) };
    default:
      return {};
  }
}

/**
 * Adds the scopes that an authenticated client asked for. A name that neither the catalogue nor a client has is only counted,
 * because people paste secrets anywhere; so is every name after the first hundred.
 */
export async function withAskedScopes(
  refusal: Refusal,
  { scope }: Pick<TokenRequest, "scope">,
  { scopes }: AskedScopesPorts,
): Promise<Refusal> {
  const asked = parseScope(scope?.reveal() ?? "");
  if (!asked.ok || asked.value.length === 0) return refusal;
  const existing = new Set(await scopes.existing(asked.value.slice(0, 100)));
  const known = asked.value.filter((name) => existing.has(name));
  const unknown = String(asked.value.length - known.length);
  return { ...refusal, facts: { ...refusal.facts, asked: listed(known), asked_unknown: unknown } };
}

export interface AskedScopesPorts {
  readonly scopes: Pick<ScopeStore, "existing">;
}

/** At most so many names, so that the record of a refusal stays small. */
const mostListed = 20;

/** Names separated by spaces. */
export const listed = (names: readonly string[]): string =>
  names.length <= mostListed
    ? names.join(" ")
    : `${names.slice(0, mostListed).join(" ")} and ${names.length - mostListed} more`;

const times = (instants: Readonly<Record<string, number | null>>): RefusalFacts =>
  Object.fromEntries(
    Object.entries(instants).flatMap(([name, at]) => (at === null ? [] : [[name, new Date(at).toISOString()]])),
  );
