import type { Client } from "@carnet/core/client/client";
import { type ClientSecret, secretStateAt } from "@carnet/core/client/client-secret";
import { warningsOf } from "@carnet/core/client/expiry-warnings";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type * as wire from "@carnet/protocol/admin/clients";
import { visibleStart } from "@carnet/protocol/client-secret";
import { formatScope } from "@carnet/protocol/scope";

/** Renders clients and secrets for the admin API. Never contains a secret value. */
export interface ViewPorts {
  readonly clock: { now(): number };
  readonly uses: SecretUses;
}

export function clientView(client: Client, { clock, uses }: ViewPorts): wire.Client {
  const now = clock.now();
  return {
    client_id: client.clientId,
    client_name: client.clientName,
    username: client.username,
    workspace: client.workspace,
    scope: formatScope(client.scopes),
    scope_policy: client.scopePolicy,
    status: client.status,
    expires_at: time(client.expiresAt),
    ip_allowlist: client.ipAllowlist.map((block) => block.text),
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    access_token_ttl: client.accessTokenTtl,
    audience: client.audience,
    labels: client.labels,
    created_at: time(client.createdAt),
    updated_at: time(client.updatedAt),
    secrets: client.secrets.map((secret) => secretView(secret, { clock, uses })),
    warnings: warningsOf(client, now).map((warning) => ({
      what: warning.what,
      secret_id: warning.secretId,
      ends_at: time(warning.endsAt),
      within_days: warning.withinDays,
    })),
  };
}

export function secretView(secret: ClientSecret, { clock, uses }: ViewPorts): wire.Secret {
  const lastUse = uses.lastOf(secret);
  return {
    secret_id: secret.secretId,
    label: secret.label,
    prefix: secret.kind === "generated" ? visibleStart(secret.secretId) : null,
    kind: secret.kind,
    state: secretStateAt(secret, clock.now(), lastUse),
    created_at: time(secret.createdAt),
    not_before: time(secret.notBefore),
    expires_at: time(secret.expiresAt),
    ends_when_idle_for: secret.idle === null ? null : secret.idle.after / 1000,
    revoked_at: time(secret.revokedAt),
    last_used_at: time(lastUse?.at ?? null),
    last_used_from: lastUse?.from ?? null,
  };
}

const time = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());
