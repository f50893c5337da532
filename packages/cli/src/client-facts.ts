import type { Client } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";

export const scopeOf = ({ scope }: Pick<Client, "scope">): string => scope || "(none)";

/** A client's fields as text, with words for empty values. */
export const clientFacts = (client: Client): Record<Exclude<keyof Client, "secrets" | "warnings">, string> => ({
  client_id: client.client_id,
  client_name: client.client_name ?? "-",
  owner: client.owner,
  role: client.role ?? "-",
  role_owners: client.role === null ? "-" : (client.role_owners?.join(" ") ?? "(all owners)"),
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
  created_at: client.created_at ?? "-",
  updated_at: client.updated_at ?? "-",
});

/** One line for each expiry warning of a client. */
export const warningLines = (client: Client): readonly string[] =>
  client.warnings.map((warning) => `${expirySentence(warning)}\n`);

/** Says what expires and when. With a client id, it also says whose. */
export function expirySentence(
  { what, secret_id, ends_at, within_days }: Client["warnings"][number],
  clientId?: string,
): string {
  const subject = what === "client" ? "The client" : `The secret ${secret_id}`;
  const whose = clientId === undefined ? "" : what === "client" ? ` ${clientId}` : ` of ${clientId}`;
  if (within_days === 0) return `${subject}${whose} expired at ${ends_at}.`;
  return `${subject}${whose} expires at ${ends_at}, within ${within_days} ${within_days === 1 ? "day" : "days"}.`;
}
