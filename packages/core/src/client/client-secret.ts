import type { RevocationHandle, SecretId } from "@carnet/protocol/ids";

/** One secret of a client, as it is stored: never the secret itself. Times are milliseconds since the epoch. */
export interface ClientSecret {
  readonly secretId: SecretId;
  /** Names the secret in tokens and in the revocation feed. Revoking its tokens gives another. */
  readonly handle: RevocationHandle;
  readonly label: string | null;
  readonly kind: SecretKind;
  /** The key by which the secret is found. See `SecretHasher.digest`. */
  readonly digest: Uint8Array;
  /** The id of the pepper that the digest was made under. */
  readonly pepper: string;
  /** The secret ends then unless it is used before, because its pepper is replaced. Known from the pepper, not stored. */
  readonly mustBeUsedBy: number | null;
  readonly createdAt: number;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  /** Ends the secret when it has not been used for this long, counted from `since` at the earliest. */
  readonly idle: { readonly since: number; readonly after: number } | null;
  readonly revokedAt: number | null;
  /** As stored. A process may know of a later use, see `SecretUses`. */
  readonly lastUse: SecretUse | null;
}

/** A use of a secret that led to a token. */
export interface SecretUse {
  readonly at: number;
  readonly from: string;
}

/**
 * `generated`: 256 random bits from this service, with the secret id in front. `imported`: chosen elsewhere. `human`:
 * stored under a slow hash by an earlier version; no longer accepted.
 */
export const secretKinds = ["generated", "imported", "human"] as const;
export type SecretKind = (typeof secretKinds)[number];

export const secretStates = ["active", "pending", "expired", "idle", "revoked", "unsupported"] as const;
export type SecretState = (typeof secretStates)[number];

/** The state of a secret at a time. Only an active one authenticates; an active or pending one is live. */
export function secretStateAt(
  secret: Pick<ClientSecret, "notBefore" | "expiresAt" | "idle" | "revokedAt"> &
    Partial<Pick<ClientSecret, "kind" | "mustBeUsedBy">>,
  now: number,
  lastUse: Pick<SecretUse, "at"> | null,
): SecretState {
  if (secret.revokedAt !== null) return "revoked";
  if (secret.kind === "human") return "unsupported";
  const end = fixedEndOf(secret);
  if (end !== null && end <= now) return "expired";
  if (secret.idle !== null && idleEndOf(secret.idle, lastUse) <= now) return "idle";
  if (secret.notBefore !== null && secret.notBefore > now) return "pending";
  return "active";
}

/** When a secret ends unless it is used again. */
export const idleEndOf = (
  { since, after }: NonNullable<ClientSecret["idle"]>,
  lastUse: Pick<SecretUse, "at"> | null,
): number => Math.max(since, lastUse?.at ?? 0) + after;

/** When a secret ends at the latest, however often it is used. One that must be used by then ends later if it is. */
export function fixedEndOf({
  expiresAt,
  mustBeUsedBy = null,
}: Pick<ClientSecret, "expiresAt"> & Partial<Pick<ClientSecret, "mustBeUsedBy">>): number | null {
  if (expiresAt === null || mustBeUsedBy === null) return expiresAt ?? mustBeUsedBy;
  return Math.min(expiresAt, mustBeUsedBy);
}

export const isLive = (state: SecretState): boolean => state === "active" || state === "pending";

/** The maximum number of live secrets of a client. */
export const maxLiveSecrets = 10;
