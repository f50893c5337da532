import { randomBytes } from "node:crypto";
import { difference } from "@carnet/core/audit/client-changes";
import type { ObjectsChanged } from "@carnet/core/audit/event";
import { changed, type EventIds, serviceOrigin } from "@carnet/core/audit/recorder";
import type { Clock } from "@carnet/core/ports";
import { Redacted } from "@carnet/protocol/redacted";
import type { Kysely } from "kysely";
import type { Sealer } from "../../crypto/sealer.ts";
import { isSigningAlgorithm, type SigningAlgorithmName } from "../../crypto/signing-algorithms.ts";
import { exportPrivateKey, generateSigningKey, importSigningKey, type SigningKey } from "../../crypto/signing-key.ts";
import { OperatorFault } from "../../fault.ts";
import { missing } from "../damaged-store.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";

/** The keys that are stored sealed under the master key. */
export interface SealedKeys {
  /** The HMAC key of the digests of client secrets. */
  readonly pepper: Redacted<Uint8Array>;
  /** The newest last. At least one. */
  readonly signingKeys: readonly SigningKey[];
  /** The event of a signing key that was made just now. */
  readonly created: ObjectsChanged | undefined;
}

export interface SealedKeysPorts extends EventPorts {
  readonly clock: Clock;
  readonly eventIds: EventIds;
}

/** Whether the store has sealed values, which only the same master key can open. */
export async function isSealed(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom("sealed_values").select("name").limit(1).execute()).length > 0;
}

/**
 * Opens the sealed keys of a store. Makes them first in a new store, in one transaction, so that two processes that
 * start at the same time end up with the same keys. Throws an OperatorFault if the master key is a different one.
 */
export async function openSealedKeys(db: Kysely<Tables>, sealer: Sealer, ports: SealedKeysPorts): Promise<SealedKeys> {
  const created = (await isSealed(db)) ? undefined : await makeSealedKeys(db, sealer, ports);
  const values = await db.selectFrom("sealed_values").select("sealed").where("name", "=", "pepper").execute();
  const rows = await db.selectFrom("signing_keys").selectAll().orderBy("created_at").execute();
  const [pepper] = values.map(({ sealed }) => openValue(sealer, sealed, "pepper"));
  const keys = rows.map((row) => ({
    algorithm: knownAlgorithm(row.algorithm),
    privateKey: openValue(sealer, row.sealed_private_key, signingKeyContext(row.key_id)),
  }));
  if (pepper === undefined && keys.every(({ privateKey }) => privateKey === undefined)) throw wrongMasterKey();
  if (pepper === undefined) throw missing("pepper");
  const signingKeys = keys.map(({ algorithm, privateKey }) => {
    if (privateKey === undefined) throw missing("signing key");
    return importSigningKey(algorithm, privateKey);
  });
  if (signingKeys.length === 0) throw missing("signing key");
  return { pepper: new Redacted<Uint8Array>(pepper), signingKeys: await Promise.all(signingKeys), created };
}

/** A damaged file can return a value that is not bytes. */
const openValue = (sealer: Sealer, value: unknown, context: string): Buffer | undefined =>
  value instanceof Uint8Array ? sealer.open(value, context) : undefined;

function knownAlgorithm(name: string): SigningAlgorithmName {
  if (isSigningAlgorithm(name)) return name;
  throw new OperatorFault(
    `The store holds a signing key of the algorithm ${name}, which this version does not support: start the version that made it.`,
  );
}

/** Thrown when nothing opens. If one value opens, the key is right and the others are damaged. */
const wrongMasterKey = () =>
  new OperatorFault(
    "The master key does not open this store: set CARNET_MASTER_KEY or CARNET_MASTER_KEY_FILE to the key that the store was made with.",
  );

async function makeSealedKeys(
  db: Kysely<Tables>,
  sealer: Sealer,
  { clock, eventIds, ...ports }: SealedKeysPorts,
): Promise<ObjectsChanged | undefined> {
  const key = await generateSigningKey("ES256");
  const at = clock.now();
  const object = { type: "key", id: key.keyId, clientId: null } as const;
  const objects = difference(object, null, { algorithm: key.algorithm });
  const event = changed({ at, objects }, { eventIds, origin: serviceOrigin("key_created") });
  return inTurn({ db, ...ports }, "changes", async (transaction) => {
    if (await isSealed(transaction)) return undefined; // another process was faster
    const sealed = sealer.seal(randomBytes(32), "pepper");
    await transaction.insertInto("sealed_values").values({ name: "pepper", sealed }).execute();
    await transaction
      .insertInto("signing_keys")
      .values({
        key_id: key.keyId,
        algorithm: key.algorithm,
        public_jwk: JSON.stringify(key.publicJwk),
        sealed_private_key: sealer.seal(exportPrivateKey(key), signingKeyContext(key.keyId)),
        created_at: at,
      })
      .execute();
    await insertEvent(transaction, event, ports);
    return event;
  });
}

const signingKeyContext = (keyId: string): string => `signing-key/${keyId}`;
