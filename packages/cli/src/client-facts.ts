import type { Client, Secret } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";

export const scopeOf = ({ scope }: Pick<Client, "scope">): string => scope || "(none)";

/** The owners that a role is bound to. */
export const ownersText = (owners: readonly string[] | null): string =>
  owners === null ? "(all owners)" : owners.join(" ") || "(no owner)";

/** When the last of these secrets ends that can still be used. */
export function secretEnd(secrets: readonly Secret[]): string {
  const live = secrets.filter(({ state }) => state === "active" || state === "pending");
  if (live.length === 0) return "(no live secret)";
  const endsOf = ({ expires_at, must_be_used_by }: Secret) => [expires_at, must_be_used_by].filter((at) => at !== null);
  if (live.some((secret) => endsOf(secret).length === 0 && secret.ends_when_idle_for === null)) return "never";
  const ends = live.flatMap((secret) => endsOf(secret).sort().slice(0, 1)).sort();
  return ends.at(-1) ?? "when it is not used";
}

/** Static claims as JSON. */
export const claimsText = (claims: Client["claims"]): string =>
  Object.keys(claims).length === 0 ? "-" : JSON.stringify(claims);

/** A client's fields as text, with words for empty values. */
export const clientFacts = (client: Client): Record<Exclude<keyof Client, "secrets" | "warnings">, string> => ({
  client_id: client.client_id,
  client_name: client.client_name ?? "-",
  owner: client.owner ?? "-",
  role: client.role ?? "-",
  role_owners: client.role === null ? "-" : ownersText(client.role_owners),
  username: client.username ?? "-",
  workspace: client.workspace ?? "-",
  status: client.status,
  scope: scopeOf(client),
  scope_policy: client.scope_policy,
  token_endpoint_auth_method: client.token_endpoint_auth_method ?? "(any)",
  access_token_ttl: client.access_token_ttl === null ? "(server default)" : formatDuration(client.access_token_ttl),
  audience: client.audience ?? "(server default)",
  expires_at: client.expires_at ?? "never",
  ip_allowlist: client.ip_allowlist.join(" ") || "(any address)",
  labels:
    Object.entries(client.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ") || "-",
  claims: claimsText(client.claims),
  created_at: client.created_at ?? "-",
  updated_at: client.updated_at ?? "-",
});

/** One line for each expiry warning of a client. */
export const warningLines = (client: Client): readonly string[] =>
  client.warnings.map((warning) => `${expirySentence({ ...warning, unlessUsed: endsUnlessUsed(warning, client) })}\n`);

/** A secret that has to move to the new pepper stays alive when it is used before. */
export const endsUnlessUsed = ({ secret_id, ends_at }: Client["warnings"][number], { secrets }: Client): boolean =>
  secrets.some((secret) => secret.secret_id === secret_id && secret.must_be_used_by === ends_at);

/** Says what expires and when. With a client id, it also says whose. */
export function expirySentence(
  { what, secret_id, ends_at, within_days, unlessUsed }: Client["warnings"][number] & { readonly unlessUsed?: boolean },
  clientId?: string,
): string {
  const subject = what === "client" ? "The client" : `The secret ${secret_id}`;
  const whose = clientId === undefined ? "" : what === "client" ? ` ${clientId}` : ` of ${clientId}`;
  if (within_days === 0) return `${subject}${whose} expired at ${ends_at}.`;
  return `${subject}${whose} expires at ${ends_at}, within ${within_days} ${within_days === 1 ? "day" : "days"}${unlessUsed ? ", unless it is used before" : ""}.`;
}
