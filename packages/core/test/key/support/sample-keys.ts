import type { ChangeFacts, FreshKey } from "@carnet/core/key/key-changes";
import { type KeyTimes, ringAt, type SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";

/** Keys for examples. Times are minutes after noon. */

export const minute = 60_000;
export const noon = Date.UTC(2026, 10, 21, 12);
export const at = (minutes: number): number => noon + minutes * minute;

export const times: KeyTimes = { jwksMaxAge: 5 * minute, publication: 25 * minute };

export const factsAt = (minutes: number): ChangeFacts => ({ now: at(minutes), times });

export const freshKey = (keyId: string, algorithm: SigningAlgorithmName = "ES256"): FreshKey => ({
  ...{ keyId, algorithm, publicJwk: { kid: keyId } },
});

interface Facts {
  readonly algorithm?: SigningAlgorithmName;
  readonly published: number;
  readonly signs: number;
  readonly retired?: number;
  readonly revoked?: number;
}

export const key = (keyId: string, { algorithm, published, signs, retired, revoked }: Facts): SigningKeyRecord => ({
  ...freshKey(keyId, algorithm),
  ...{ createdAt: at(published), activeFrom: at(signs) },
  retiredAt: retired === undefined ? null : at(retired),
  revokedAt: revoked === undefined ? null : at(revoked),
});

/** The states of keys by their ids. */
export const statesAt = (minutes: number, keys: readonly SigningKeyRecord[]): Readonly<Record<string, string>> =>
  Object.fromEntries(ringAt(keys, at(minutes), times).map(({ key: { keyId }, state }) => [keyId, state]));
