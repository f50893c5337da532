import { clientFields, isoTime, secretFields } from "@carnet/core/audit/client-changes";
import type { Client } from "@carnet/core/client/client";
import { type ClientSecret, secretStateAt } from "@carnet/core/client/client-secret";
import { warningsOf } from "@carnet/core/client/expiry-warnings";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type * as wire from "@carnet/protocol/admin/clients";
import { visibleStart } from "@carnet/protocol/client-secret";

/** Renders clients and secrets for the admin API. Never contains a secret value. */
export interface ViewPorts {
  readonly clock: { now(): number };
  readonly uses: SecretUses;
}

export function clientView(client: Client, { clock, uses }: ViewPorts): wire.Client {
  const now = clock.now();
  return {
    client_id: client.clientId,
    ...clientFields(client),
    created_at: isoTime(client.createdAt),
    updated_at: isoTime(client.updatedAt),
    secrets: client.secrets.map((secret) => secretView(secret, { clock, uses })),
    warnings: warningsOf(client, now).map((warning) => ({
      what: warning.what,
      secret_id: warning.secretId,
      ends_at: isoTime(warning.endsAt),
      within_days: warning.withinDays,
    })),
  };
}

export function secretView(secret: ClientSecret, { clock, uses }: ViewPorts): wire.Secret {
  const lastUse = uses.lastOf(secret);
  return {
    secret_id: secret.secretId,
    ...secretFields(secret),
    prefix: secret.kind === "generated" ? visibleStart(secret.secretId) : null,
    kind: secret.kind,
    must_be_used_by: isoTime(secret.mustBeUsedBy),
    state: secretStateAt(secret, clock.now(), lastUse),
    created_at: isoTime(secret.createdAt),
    last_used_at: isoTime(lastUse?.at ?? null),
    last_used_from: lastUse?.from ?? null,
  };
}
