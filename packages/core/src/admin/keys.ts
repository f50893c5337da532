import type { Redacted } from "@carnet/protocol/redacted";
import { ok, type Result } from "@carnet/protocol/result";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import { type AdminProblem, type FieldProblem, invalid, problem } from "../admin-problem.ts";
import { isoTime } from "../audit/client-changes.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import { keyObjects } from "../key/keep-keys.ts";
import {
  activate,
  addKey,
  type ChangeFacts,
  earlyKeyWarning,
  type KeyChange,
  type KeyRefusal,
  type KeyRotation,
  replacedFrom,
  retireKey,
  revokeKey,
} from "../key/key-changes.ts";
import {
  type AlgorithmChoice,
  algorithmsInUse,
  type KeyInRing,
  type KeyTimes,
  ringAt,
  type SigningKeyRecord,
} from "../key/key-ring.ts";
import type { FreshKeyPair, KeyMaker, SigningKeyStore } from "../key/signing-key-store.ts";
import { tokenSizeWarning } from "../key/token-size.ts";
import type { Clock } from "../ports.ts";

/** Reads a private key that somebody else made. Does not store it. */
export interface KeyReader {
  /** `text` is PEM or a JWK. Without an algorithm, the key decides. The problem never repeats anything of the key. */
  read(
    text: Redacted<string>,
    algorithm: SigningAlgorithmName | undefined,
  ): Promise<Result<FreshKeyPair, FieldProblem>>;
}

/** What the key ring of a service is made of. */
export interface KeyPorts {
  readonly store: SigningKeyStore;
  readonly maker: KeyMaker;
  readonly reader: KeyReader;
  readonly times: KeyTimes;
  readonly algorithms: AlgorithmChoice;
  readonly rotation: KeyRotation;
  /** The keys of this process. */
  readonly ring: { refreshAnew(): Promise<void> };
}

export interface KeyAdminPorts extends ChangeRecorderPorts {
  readonly clock: Clock;
  readonly keys: KeyPorts;
}

/** A key as operators see it. */
export interface ListedKey extends KeyInRing {
  /** From when another key signs in its place. null: it does not sign, or nothing is planned. */
  readonly replacedFrom: number | null;
}

/** What a change has done. */
export interface KeyOutcome {
  /** The key that was named, made or imported, as it is now. */
  readonly key: ListedKey;
  /** The key that signs in its place. null: it did not sign before. */
  readonly successor: ListedKey | null;
  /** What verifiers and callers may see, and for how long. */
  readonly warnings: readonly string[];
}

/** The keys that are still of use. A removed one is deleted within an hour or so. */
export async function listKeys({ clock, keys }: Pick<KeyAdminPorts, "clock" | "keys">): Promise<readonly ListedKey[]> {
  return (await listAt(clock.now(), keys)).filter(({ state }) => state !== "removed");
}

async function listAt(now: number, { store, times, algorithms, rotation }: KeyPorts): Promise<readonly ListedKey[]> {
  const keys = await store.list();
  const due = { keys, inUse: algorithmsInUse(algorithms), rotation };
  return ringAt(keys, now, times).map((key) => ({ ...key, replacedFrom: replacedFrom(key, due, { now, times }) }));
}

/**
 * Publishes a new key, which signs once verifiers know it. With `now`, the upcoming key of the algorithm signs at once, or
 * a new one if there is none. Refuses with `key_state` without `now` while a key is upcoming.
 */
export async function rotateKey(
  { algorithm, now: immediately }: { readonly algorithm: SigningAlgorithmName; readonly now: boolean },
  ports: KeyAdminPorts,
): Promise<Result<KeyOutcome, AdminProblem>> {
  const pair = await ports.keys.maker.generate(algorithm);
  return carryOut([pair], ports, (keys, facts) => {
    const upcoming = ringAt(keys, facts.now, facts.times).find(
      ({ key, state }) => state === "upcoming" && key.algorithm === algorithm,
    );
    if (immediately && upcoming !== undefined) return ok(activate(upcoming.key, keys, facts.now));
    return addKey(keys, { fresh: pair, immediately }, facts);
  });
}

/** Publishes a key that was made elsewhere, which signs once verifiers know it. Refuses with `invalid` and `key_state`. */
export async function importKey(
  { algorithm, privateKey }: { readonly algorithm?: SigningAlgorithmName; readonly privateKey: Redacted<string> },
  ports: KeyAdminPorts,
): Promise<Result<KeyOutcome, AdminProblem>> {
  const pair = await ports.keys.reader.read(privateKey, algorithm);
  if (!pair.ok) return invalid([pair.error]);
  return carryOut([pair.value], ports, (keys, facts) => addKey(keys, { fresh: pair.value, immediately: false }, facts));
}

/** Takes a key out of use. Its tokens stay valid. Refuses with `not_found` and `key_state`. */
export const retireSigningKey = (keyId: string, ports: KeyAdminPorts): Promise<Result<KeyOutcome, AdminProblem>> =>
  carryOut(
    [],
    ports,
    (keys, facts) => retireKey(keys, { keyId, inUse: algorithmsInUse(ports.keys.algorithms) }, facts),
    keyId,
  );

/** Voids a key and its tokens. If it signs, another key does at once. Refuses with `not_found` and `key_state`. */
export async function revokeSigningKey(keyId: string, ports: KeyAdminPorts): Promise<Result<KeyOutcome, AdminProblem>> {
  const { store, maker, algorithms } = ports.keys;
  const named = (await store.list()).find((key) => key.keyId === keyId);
  const pair = await maker.generate(named?.algorithm ?? algorithms.byDefault);
  return carryOut([pair], ports, (keys, facts) => revokeKey(keys, { keyId, fresh: pair }, facts), keyId);
}

type Decide = (keys: readonly SigningKeyRecord[], facts: ChangeFacts) => Result<KeyChange, KeyRefusal>;

/** Stores a change with its event. Other processes learn of it within a second, this one before it answers. */
async function carryOut(
  pairs: readonly FreshKeyPair[],
  ports: KeyAdminPorts,
  decide: Decide,
  named?: string,
): Promise<Result<KeyOutcome, AdminProblem>> {
  const { store, times, algorithms, ring } = ports.keys;
  const facts = { now: ports.clock.now(), times };
  let warnings: readonly string[] = [];
  const stored = await store.change(pairs, (keys) => {
    const decided = decide(keys, facts);
    if (!decided.ok) return decided;
    warnings = warningsOf(decided.value, algorithms, facts);
    const warning = warnings.length === 0 ? null : warnings.join("; ");
    return ok({
      ...decided.value,
      event: changed({ at: facts.now, objects: keyObjects(decided.value), warning }, ports),
    });
  });
  if (!stored.ok) return problem(problemKinds[stored.error.kind], stored.error.detail);
  await ports.recorder.record(stored.value.event);
  await ring.refreshAnew().catch(() => {}); // the change is stored, so the call must not fail. The next poll reads it
  const changedIds = stored.value.keys.map(({ after }) => after.keyId);
  const states = await listAt(facts.now, ports.keys);
  const find = (keyId: string | undefined) => states.find(({ key }) => key.keyId === keyId) ?? null;
  const key = find(named ?? changedIds[0]);
  if (key === null) throw new Error("a key that was just stored is not in the ring");
  return ok({ key, successor: find(changedIds.find((keyId) => keyId !== key.key.keyId)), warnings });
}

const problemKinds = { unknown: "not_found", known: "key_state", wrong_state: "key_state" } as const;

function warningsOf({ keys }: KeyChange, algorithms: AlgorithmChoice, facts: ChangeFacts): readonly string[] {
  const warnings = keys.flatMap(({ before, after }) => {
    if (after.revokedAt !== null) return [revocationWarning(after, facts)];
    if (after.retiredAt !== null) return [];
    return [
      earlyWarning(after, facts),
      ...(before === null ? [unusedWarning(after, algorithms), tokenSizeWarning(after.algorithm)] : []),
    ];
  });
  return warnings.filter((warning) => warning !== undefined);
}

const earlyWarning = (key: SigningKeyRecord, facts: ChangeFacts): string | undefined =>
  key.activeFrom < key.createdAt + facts.times.jwksMaxAge ? earlyKeyWarning(key, facts) : undefined;

const unusedWarning = ({ algorithm }: SigningKeyRecord, algorithms: AlgorithmChoice): string | undefined =>
  algorithmsInUse(algorithms).has(algorithm)
    ? undefined
    : `no setting of this node names ${algorithm}, so the key signs nothing: set CARNET_AUDIENCE_ALGORITHMS or CARNET_SIGNING_ALGORITHM`;

/** Undefined: the key has never signed. */
const revocationWarning = ({ activeFrom }: SigningKeyRecord, facts: ChangeFacts): string | undefined =>
  activeFrom > facts.now
    ? undefined
    : `callers with a token of the revoked key are refused until they request a new one; APIs without the revocation feed accept such tokens until ${isoTime(othersRefuseFrom(facts))}, and for longer if they cache keys for longer than CARNET_JWKS_MAX_AGE`;

/** From when verifiers refuse a key that is revoked now, if all that they know is JWKS. In milliseconds since the epoch. */
export const othersRefuseFrom = ({ now, times: { publication, jwksMaxAge } }: ChangeFacts): number =>
  // A node that cannot read the store publishes the key for the store's grace, which is part of the publication time
  now + publication - jwksMaxAge;
