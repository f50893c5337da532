/** A minimal second implementation of clients and secrets. Tests compare the real one with it. */

export interface ModelSecret {
  readonly value: string;
  readonly secretId: string;
  readonly notBefore: number | null;
  expiresAt: number | null;
  idle: { readonly since: number; readonly after: number } | null;
  revokedAt: number | null;
  lastUse: number;
}

export interface ModelClient {
  name: string | null;
  username: string | null;
  disabled: boolean;
  expiresAt: number | null;
  secrets: ModelSecret[];
  /** The entity tag after the last command. */
  tag: string;
}

export interface Model {
  now: number;
  readonly clients: Map<string, ModelClient>;
  /** Every secret that any client ever had. */
  readonly everSeen: { readonly clientId: string; readonly value: string }[];
  /** The clients that the last command changed. */
  readonly changed: Set<string>;
}

export const day = 86_400_000;

export function stateOf(secret: ModelSecret, now: number): "active" | "pending" | "expired" | "idle" | "revoked" {
  if (secret.revokedAt !== null) return "revoked";
  if (secret.expiresAt !== null && now >= secret.expiresAt) return "expired";
  if (secret.idle !== null && now >= Math.max(secret.idle.since, secret.lastUse) + secret.idle.after) return "idle";
  return secret.notBefore !== null && now < secret.notBefore ? "pending" : "active";
}

export const isLive = (secret: ModelSecret, now: number): boolean =>
  ["active", "pending"].includes(stateOf(secret, now));

export const liveOf = ({ secrets }: ModelClient, now: number): readonly ModelSecret[] =>
  secrets.filter((secret) => isLive(secret, now));

/** `token`, or the reason for the refusal. */
export function verdictOn({ clients, now }: Model, clientId: string, value: string): string {
  const client = clients.get(clientId);
  const secret = client?.secrets.find((candidate) => candidate.value === value);
  if (client === undefined || secret === undefined) return "unknown_credentials";
  const state = stateOf(secret, now);
  if (state !== "active") return `secret_${state}`;
  if (client.disabled) return "client_disabled";
  return client.expiresAt !== null && now >= client.expiresAt ? "client_expired" : "token";
}

/** Adds a secret to a client, and drops secrets that ended more than thirty days ago. */
export function addTo(client: ModelClient, secret: ModelSecret, now: number): void {
  const isGone = ({ revokedAt, expiresAt, idle, lastUse }: ModelSecret) => {
    const idleEnd = idle === null ? Number.POSITIVE_INFINITY : Math.max(idle.since, lastUse) + idle.after;
    return now >= (revokedAt ?? Math.min(expiresAt ?? Number.POSITIVE_INFINITY, idleEnd)) + 30 * day;
  };
  client.secrets = [...client.secrets.filter((other) => other.value !== secret.value && !isGone(other)), secret];
}

export function refusalToAdd(client: ModelClient, value: string | undefined, now: number): string | undefined {
  const live = liveOf(client, now);
  if (live.length >= 10) return "too_many_secrets";
  return live.some((secret) => secret.value === value) ? "invalid" : undefined;
}
