import { err, ok, type Result } from "@carnet/protocol/result";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { isoTime } from "../audit/client-changes.ts";
import { keptAfterEnd } from "../revocation/revocation.ts";
import {
  bySigningOrder,
  type KeyInRing,
  type KeyTimes,
  neverSigns,
  ringAt,
  type SigningKeyRecord,
  signingKeyFor,
} from "./key-ring.ts";

/** Every change of the key ring, as a decision on plain data. A store carries it out in one transaction. */
export interface KeyChange {
  /** A key that is new, or one that the ring has, with its next facts. */
  readonly keys: readonly { readonly before: SigningKeyRecord | null; readonly after: SigningKeyRecord }[];
}

/** A key that was generated or imported and is not in the ring yet. */
export type FreshKey = Pick<SigningKeyRecord, "keyId" | "algorithm" | "publicJwk">;

/** Why a change of the ring is refused, for the operator. */
export type KeyRefusal = { readonly kind: "unknown" | "known" | "wrong_state"; readonly detail: string };

export interface ChangeFacts {
  readonly now: number;
  readonly times: KeyTimes;
}

/** How many keys of an algorithm are published at most, so that verifiers need not read an unbounded JWKS. */
export const mostPublished = 10;

/** Adds a key. It takes over once it has been published for long enough, or at once. */
export function addKey(
  keys: readonly SigningKeyRecord[],
  { fresh, immediately }: { readonly fresh: FreshKey; readonly immediately: boolean },
  facts: ChangeFacts,
): Result<KeyChange, KeyRefusal> {
  const { now, times } = facts;
  if (keys.some(({ keyId }) => keyId === fresh.keyId))
    return refuse("known", "the key ring has this key already: `carnet key list` shows its state");
  const upcoming = inState(keys, "upcoming", fresh.algorithm, facts);
  if (upcoming !== undefined) return refuse("wrong_state", alreadyUpcoming(upcoming.key));
  const ring = ringAt(keys, now, times);
  const retiring = ring.filter(({ key, state }) => key.algorithm === fresh.algorithm && state === "retiring");
  if (retiring.length + 1 >= mostPublished) return refuse("wrong_state", tooMany(retiring));
  return ok({ keys: [{ before: null, after: newKey(keys, fresh, immediately ? now : now + times.publication, now) }] });
}

/** Lets the upcoming key of an algorithm sign at once. */
export function activate(upcoming: SigningKeyRecord, keys: readonly SigningKeyRecord[], now: number): KeyChange {
  const earlier = keys.filter((key) => bySigningOrder(key, upcoming) < 0);
  return { keys: [{ before: upcoming, after: { ...upcoming, activeFrom: afterOthers(earlier, upcoming, now) } }] };
}

/**
 * Takes a key out of use. An upcoming one never signs. An active one hands over to an upcoming one that has been published
 * for long enough; the last one of an algorithm in use must stay.
 */
export function retireKey(
  keys: readonly SigningKeyRecord[],
  { keyId, inUse }: { readonly keyId: string; readonly inUse: ReadonlySet<SigningAlgorithmName> },
  facts: ChangeFacts,
): Result<KeyChange, KeyRefusal> {
  const { now, times } = facts;
  const found = findKey(keys, keyId, facts);
  if (!found.ok) return found;
  const { key, state } = found.value;
  if (state !== "upcoming" && state !== "active")
    return refuse("wrong_state", `the key is ${state}: it signs nothing any more`);
  const retired = { before: key, after: { ...key, retiredAt: endOf(key, keys, facts) } };
  if (!signs(key, keys, facts)) return ok({ keys: [retired] });
  const upcoming = successorOf(key, keys, facts);
  if (upcoming !== undefined) {
    if (upcoming.createdAt + times.publication <= now) return ok(activate(upcoming, keys, now));
    return refuse(
      "wrong_state",
      `its successor ${upcoming.keyId} signs from ${isoTime(upcoming.activeFrom)}, because verifiers must know it first: wait, or let it sign at once with \`${rotateCommand(key)} --now\``,
    );
  }
  const isOnly = !ringAt(keys, now, times).some((other) => other.state === "active" && other.key.keyId !== keyId);
  if (!isOnly && !inUse.has(key.algorithm)) return ok({ keys: [retired] });
  return refuse("wrong_state", `it signs tokens and has no successor: make one first with \`${rotateCommand(key)}\``);
}

/**
 * Voids a key and its tokens at once. An active key is replaced by the upcoming one of its algorithm, or by a fresh one,
 * which signs at once. The fresh key is not used otherwise.
 */
export function revokeKey(
  keys: readonly SigningKeyRecord[],
  { keyId, fresh }: { readonly keyId: string; readonly fresh: FreshKey },
  facts: ChangeFacts,
): Result<KeyChange, KeyRefusal> {
  const { now } = facts;
  const found = findKey(keys, keyId, facts);
  if (!found.ok) return found;
  const { key, state } = found.value;
  if (state === "revoked") return refuse("wrong_state", "the key is revoked already");
  const revoked = { before: key, after: { ...key, revokedAt: endOf(key, keys, facts) } };
  if (!signs(key, keys, facts)) return ok({ keys: [revoked] });
  const upcoming = successorOf(key, keys, facts);
  const successor =
    upcoming === undefined
      ? { keys: [{ before: null, after: newKey(keys, fresh, now, now) }] }
      : activate(upcoming, keys, now);
  return ok({ keys: [revoked, ...successor.keys] });
}

/** The age at which an active key is replaced, in milliseconds. null: never. */
export type KeyRotation = number | null;

/** What decides when keys are made. */
export interface DueFacts {
  readonly inUse: ReadonlySet<SigningAlgorithmName>;
  readonly rotation: KeyRotation;
}

export interface DueKey {
  readonly algorithm: SigningAlgorithmName;
  readonly activeFrom: number;
}

/** The keys that have to be made now: the first one of an algorithm, and the successor of one that will be too old. */
export function dueKeys(
  keys: readonly SigningKeyRecord[],
  { inUse, rotation }: DueFacts,
  facts: ChangeFacts,
): readonly DueKey[] {
  const { now, times } = facts;
  return [...inUse].flatMap((algorithm) => {
    if (inState(keys, "upcoming", algorithm, facts) !== undefined) return [];
    const active = inState(keys, "active", algorithm, facts)?.key;
    if (active === undefined) return [{ algorithm, activeFrom: now + times.publication }];
    if (rotation === null) return [];
    if (active.activeFrom + rotation - times.publication > now) return [];
    return [{ algorithm, activeFrom: rotatedFrom(active, rotation, facts) }];
  });
}

/** From when the next key signs, if nobody makes one earlier. */
const rotatedFrom = (active: SigningKeyRecord, rotation: number, { now, times }: ChangeFacts): number =>
  Math.max(active.activeFrom + rotation, now + times.publication);

/** From when another key signs in the place of an active one: an upcoming key, or the one that is due next. null: nothing is planned. */
export function replacedFrom(
  { key, state }: KeyInRing,
  { keys, inUse, rotation }: { readonly keys: readonly SigningKeyRecord[] } & DueFacts,
  facts: ChangeFacts,
): number | null {
  if (state !== "active") return null;
  const successor = successorOf(key, keys, facts);
  if (successor !== undefined) return successor.activeFrom;
  return rotation === null || !inUse.has(key.algorithm) ? null : rotatedFrom(key, rotation, facts);
}

/** Adds a key that is due. */
export const addDueKey = (
  keys: readonly SigningKeyRecord[],
  { fresh, activeFrom }: { readonly fresh: FreshKey; readonly activeFrom: number },
  now: number,
): KeyChange => ({ keys: [{ before: null, after: newKey(keys, fresh, activeFrom, now) }] });

/**
 * The keys that nothing needs any more. Kept for an hour longer, in case the clock is ahead. A revoked key stays, so that
 * nobody imports it again.
 */
export const endedKeys = (keys: readonly SigningKeyRecord[], { now, times }: ChangeFacts): readonly string[] =>
  ringAt(keys, now - keptAfterEnd, times).flatMap(({ key, state }) => (state === "removed" ? [key.keyId] : []));

/**
 * The warning about a key that signs before every verifier knows it. Undefined: it has been published for long enough.
 * Verifiers that ask for the keys again when they see an unknown `kid` are not affected.
 */
export function earlyKeyWarning({ createdAt }: SigningKeyRecord, { now, times }: ChangeFacts): string | undefined {
  const knownFrom = createdAt + times.jwksMaxAge;
  if (knownFrom <= now) return undefined;
  return `verifiers that cached the JWKS before ${isoTime(createdAt)}, and do not ask for it again when they see an unknown kid, refuse new tokens until ${isoTime(knownFrom)}`;
}

const newKey = (
  keys: readonly SigningKeyRecord[],
  fresh: FreshKey,
  activeFrom: number,
  now: number,
): SigningKeyRecord => ({
  ...{ keyId: fresh.keyId, algorithm: fresh.algorithm, publicJwk: fresh.publicJwk },
  ...{ createdAt: now, activeFrom: afterOthers(keys, fresh, activeFrom), retiredAt: null, revokedAt: null },
});

/** The clock of the node that made the last key may be ahead: a new key must not sign before it. */
function afterOthers(keys: readonly SigningKeyRecord[], { algorithm }: FreshKey, activeFrom: number): number {
  const others = keys.filter((key) => key.algorithm === algorithm && !neverSigns(key));
  return Math.max(activeFrom, ...others.map((key) => key.activeFrom + 1));
}

function findKey(
  keys: readonly SigningKeyRecord[],
  keyId: string,
  { now, times }: ChangeFacts,
): Result<KeyInRing, KeyRefusal> {
  const found = ringAt(keys, now, times).find(({ key }) => key.keyId === keyId);
  return found === undefined ? refuse("unknown", "no key has this id") : ok(found);
}

/** Whether some tokens are signed with it. An upcoming key signs while the clock is behind that of the node that made the only key. */
const signs = (key: SigningKeyRecord, keys: readonly SigningKeyRecord[], { now, times }: ChangeFacts): boolean =>
  signingKeyFor(null, ringAt(keys, now, times), { byDefault: key.algorithm, byAudience: new Map() }) === key;

/** When a key is taken out of use. By a clock that is behind, one that signs would otherwise look as if it never had. */
const endOf = (key: SigningKeyRecord, keys: readonly SigningKeyRecord[], facts: ChangeFacts): number =>
  signs(key, keys, facts) ? Math.max(facts.now, key.activeFrom) : facts.now;

/** The upcoming key that takes over from a key. */
const successorOf = (
  { keyId, algorithm }: SigningKeyRecord,
  keys: readonly SigningKeyRecord[],
  { now, times }: ChangeFacts,
): SigningKeyRecord | undefined =>
  ringAt(keys, now, times).find(
    ({ key, state }) => state === "upcoming" && key.algorithm === algorithm && key.keyId !== keyId,
  )?.key;

const inState = (
  keys: readonly SigningKeyRecord[],
  state: KeyInRing["state"],
  algorithm: SigningAlgorithmName,
  { now, times }: ChangeFacts,
): KeyInRing | undefined =>
  ringAt(keys, now, times).find((one) => one.state === state && one.key.algorithm === algorithm);

const alreadyUpcoming = (key: SigningKeyRecord): string =>
  `the key ${key.keyId} is upcoming and signs from ${isoTime(key.activeFrom)}: wait, let it sign at once with \`${rotateCommand(key)} --now\`, or retire it first with \`carnet key retire\``;

/** Without the algorithm, the command rotates the key of the default one. */
const rotateCommand = ({ algorithm }: SigningKeyRecord): string => `carnet key rotate --algorithm ${algorithm}`;

function tooMany(retiring: readonly KeyInRing[]): string {
  const first = Math.min(...retiring.map(({ endsAt }) => endsAt ?? Infinity));
  return `${retiring.length} earlier keys of the algorithm are still published, because their tokens have not expired: wait until ${isoTime(first)}, or void a leaked key with \`carnet key revoke\``;
}

const refuse = (kind: KeyRefusal["kind"], detail: string): Result<never, KeyRefusal> => err({ kind, detail });
