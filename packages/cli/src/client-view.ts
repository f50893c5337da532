import type { Client } from "@carnet/core/client/client";
import { formatScope } from "@carnet/protocol/scope";

/** A client as programs read it: names of RFC 7591 §2 where it has them, times in RFC 3339. Holds no secret. */
export const clientView = (client: Client) => ({
  client_id: client.clientId,
  client_name: client.clientName,
  status: client.status,
  scope: formatScope(client.scopes),
  scope_policy: client.scopePolicy,
  token_endpoint_auth_method: client.tokenEndpointAuthMethod,
  access_token_ttl: client.accessTokenTtl,
  expires_at: time(client.expiresAt),
  ip_allowlist: client.ipAllowlist.map((block) => block.text),
  workspace: client.workspace,
  created_at: time(client.createdAt),
  secrets: client.secrets.map((secret) => ({
    secret_id: secret.secretId,
    kind: secret.kind,
    created_at: time(secret.createdAt),
    expires_at: time(secret.expiresAt),
  })),
});

export type ClientView = ReturnType<typeof clientView>;

/** The same for people: each field by its name, in words where it is empty. */
export const clientFacts = (view: ClientView): Record<string, string> => ({
  client_id: view.client_id,
  client_name: view.client_name ?? "-",
  status: view.status,
  scope: view.scope || "(none)",
  scope_policy: view.scope_policy,
  token_endpoint_auth_method: view.token_endpoint_auth_method ?? "(any)",
  access_token_ttl: view.access_token_ttl === null ? "(as the server is set)" : `${view.access_token_ttl} s`,
  expires_at: view.expires_at ?? "never",
  ip_allowlist: view.ip_allowlist.join(" ") || "(from anywhere)",
  workspace: view.workspace ?? "-",
  created_at: view.created_at ?? "-",
});

const time = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());
