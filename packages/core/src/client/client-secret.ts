import type { SecretId } from "@carnet/protocol/ids";

/** One secret of a client, as it is kept: never the secret itself. Times are milliseconds since the epoch. */
export interface ClientSecret {
  readonly secretId: SecretId;
  readonly label: string | null;
  /** What may be seen of the secret, to tell it from others; empty for one that a person made up. */
  readonly prefix: string;
  readonly kind: SecretKind;
  /** Of the secret under the fast or the slow hash, by its kind. */
  readonly digest: Uint8Array;
  /** The client's salt for the slow hash; empty for the fast one. */
  readonly salt: Uint8Array;
  readonly createdAt: number;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  /** Ends the secret once it has not been used for so long since then. */
  readonly idle: { readonly since: number; readonly after: number } | null;
  readonly revokedAt: number | null;
  /** As the store has it; a process that saw a later use knows better. */
  readonly lastUse: SecretUse | null;
}

/** A use of a secret that ended in a token. */
export interface SecretUse {
  readonly at: number;
  readonly from: string;
}

/**
 * `generated` here with 256 random bits and its own id inside; `imported`, long enough to be taken for random; `human`,
 * short or said to be made by a person, and so kept under a slow hash.
 */
export const secretKinds = ["generated", "imported", "human"] as const;
export type SecretKind = (typeof secretKinds)[number];

export const secretStates = ["active", "pending", "expired", "idle", "revoked"] as const;
export type SecretState = (typeof secretStates)[number];

/** How a secret stands now. Only an active one proves anything; an active or pending one is live. */
export function secretStateAt(
  secret: Pick<ClientSecret, "notBefore" | "expiresAt" | "idle" | "revokedAt">,
  now: number,
  lastUse: Pick<SecretUse, "at"> | null,
): SecretState {
  if (secret.revokedAt !== null) return "revoked";
  if (secret.expiresAt !== null && secret.expiresAt <= now) return "expired";
  if (secret.idle !== null && Math.max(secret.idle.since, lastUse?.at ?? 0) + secret.idle.after <= now) return "idle";
  if (secret.notBefore !== null && secret.notBefore > now) return "pending";
  return "active";
}

export const isLive = (state: SecretState): boolean => state === "active" || state === "pending";

/** How many live secrets a client has at the most. */
export const maxLiveSecrets = 10;
