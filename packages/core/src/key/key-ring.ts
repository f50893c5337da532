import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { endOfRevocation } from "../revocation/revocation.ts";

/**
 * The keys that sign tokens, and what each of them does at a time. A key has no stored state: its state follows from
 * these facts and the time, so all nodes agree on it without telling each other.
 */
export interface SigningKeyRecord {
  /** The thumbprint of the public key. @see https://www.rfc-editor.org/rfc/rfc7638#section-3 */
  readonly keyId: string;
  readonly algorithm: SigningAlgorithmName;
  /** With `kid`, `alg` and `use`, as JWKS publishes it. */
  readonly publicJwk: PublicJwk;
  /** It is published from then on. Times are milliseconds since the epoch. */
  readonly createdAt: number;
  /** It signs from then on, until another key of its algorithm does. */
  readonly activeFrom: number;
  /** An operator took it out of use: it signs nothing from then on. */
  readonly retiredAt: number | null;
  /** It is not published any more, and its tokens are revoked. */
  readonly revokedAt: number | null;
}

export type PublicJwk = Readonly<Record<string, string>>;

/**
 * `upcoming`: published, does not sign yet. `active`: signs. `retiring`: published while a token that it signed may be
 * valid. `revoked`: not published, its tokens are void. `removed`: not published, its tokens have expired.
 */
export const keyStates = ["upcoming", "active", "retiring", "revoked", "removed"] as const;
export type KeyState = (typeof keyStates)[number];

export interface KeyInRing {
  readonly key: SigningKeyRecord;
  readonly state: KeyState;
  /** When the time alone changes the state. null: it does not. */
  readonly endsAt: number | null;
}

export interface KeyTimes {
  /** How long verifiers use a JWKS before they ask for it again, in milliseconds. */
  readonly jwksMaxAge: number;
  /** How long a key is published before it signs, in milliseconds. At least twice `jwksMaxAge`. */
  readonly publication: number;
}

/** The state of each key at a time. Of each algorithm, at most one key is active. */
export function ringAt(
  keys: readonly SigningKeyRecord[],
  now: number,
  { publication }: Pick<KeyTimes, "publication">,
): readonly KeyInRing[] {
  const byAlgorithm = Map.groupBy(keys.toSorted(bySigningOrder), ({ algorithm }) => algorithm);
  return [...byAlgorithm.values()].flatMap((group) => {
    // A clock that is behind must not leave the service without a key after a revocation
    const latest = Math.max(now, ...group.map(({ revokedAt }) => (revokedAt ?? 0) + 1));
    const started = group.map((key) => key.activeFrom <= latest && !neverSigns(key));
    return group.map((key, place): KeyInRing => {
      if (key.revokedAt !== null) return { key, state: "revoked", endsAt: null };
      const next = group.find((_, other) => other > place && started[other]);
      const stoppedAt = Math.min(key.retiredAt ?? Infinity, next?.activeFrom ?? Infinity);
      if (Number.isFinite(stoppedAt)) {
        // Verifiers need it until its last token has expired. A node that cannot read the store signs with it for the grace,
        // which is part of the publication time, as are the verifiers' caches
        const endsAt = endOfRevocation(stoppedAt) + publication;
        return endsAt > now ? { key, state: "retiring", endsAt } : { key, state: "removed", endsAt: null };
      }
      if (started[place]) return { key, state: "active", endsAt: null };
      return { key, state: "upcoming", endsAt: key.activeFrom };
    });
  });
}

/** The later one takes over from the earlier one. */
export const bySigningOrder = (left: SigningKeyRecord, right: SigningKeyRecord): number =>
  left.activeFrom - right.activeFrom || left.createdAt - right.createdAt || (left.keyId < right.keyId ? -1 : 1);

/** Whether a key was taken out of use before it signed. */
export const neverSigns = ({ activeFrom, retiredAt, revokedAt }: SigningKeyRecord): boolean =>
  Math.min(retiredAt ?? Infinity, revokedAt ?? Infinity) < activeFrom;

/** Which algorithm signs the tokens for an audience. */
export interface AlgorithmChoice {
  /** For every other audience, and for what is not an access token. */
  readonly byDefault: SigningAlgorithmName;
  readonly byAudience: ReadonlyMap<string, SigningAlgorithmName>;
}

/** The algorithms that need a key. */
export const algorithmsInUse = ({ byDefault, byAudience }: AlgorithmChoice): ReadonlySet<SigningAlgorithmName> =>
  new Set([byDefault, ...byAudience.values()]);

/**
 * The key that signs for an audience. An algorithm whose first key is still upcoming is not used yet, because verifiers
 * may not know that key. Undefined only if there is no usable key at all.
 */
export function signingKeyFor(
  audience: string | null,
  ring: readonly KeyInRing[],
  { byDefault, byAudience }: AlgorithmChoice,
): SigningKeyRecord | undefined {
  const active = ring.filter(({ state }) => state === "active").map(({ key }) => key);
  const of = (algorithm: SigningAlgorithmName | undefined) => active.find((key) => key.algorithm === algorithm);
  const chosen = audience === null ? undefined : byAudience.get(audience);
  const upcoming = ring.filter(({ state }) => state === "upcoming").map(({ key }) => key);
  return (
    of(chosen) ??
    of(byDefault) ??
    active.toSorted(bySigningOrder).at(-1) ?? // the default was changed, and its first key is still upcoming
    upcoming.toSorted(bySigningOrder)[0] // the clock is behind that of the node that made the only key
  );
}

/** Whether JWKS has a key of this state. */
export const isPublished = (state: KeyState): boolean =>
  state === "upcoming" || state === "active" || state === "retiring";
