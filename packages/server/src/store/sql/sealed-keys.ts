import { randomBytes } from "node:crypto";
import type { ObjectsChanged } from "@carnet/core/audit/event";
import { changed, type EventIds, serviceOrigin } from "@carnet/core/audit/recorder";
import { keyObjects } from "@carnet/core/key/keep-keys";
import { addDueKey } from "@carnet/core/key/key-changes";
import type { KeyMaker } from "@carnet/core/key/signing-key-store";
import { firstPepper } from "@carnet/core/pepper/pepper";
import type { Clock } from "@carnet/core/ports";
import { Redacted } from "@carnet/protocol/redacted";
import type { SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import type { Kysely, Transaction } from "kysely";
import { missing } from "../damaged-store.ts";
import { type DataKeys, readDataKeys, wrongMasterKey } from "./data-keys.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import { insertPepper, pepperContext } from "./peppers.ts";
import { replaceDataKey } from "./replace-data-key.ts";
import type { Tables } from "./schema.ts";
import { storeKeys } from "./signing-key-store.ts";

/** What a store needs before it can be used. Made when it is opened for the first time. */
export interface SealedKeys {
  /** The HMAC key of the digests of new client secrets. */
  readonly pepper: Redacted<Uint8Array>;
  /** The event of the first signing key, if it was made just now. */
  readonly created: ObjectsChanged | undefined;
}

export interface SealedKeysPorts extends EventPorts {
  readonly clock: Clock;
  readonly eventIds: EventIds;
  readonly keyMaker: KeyMaker;
  /** Of the first signing key. */
  readonly algorithm: SigningAlgorithmName;
}

/** Whether the store has peppers, which only the same master key can open. */
export async function isSealed(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom("peppers").select("pepper_id").limit(1).execute()).length > 0;
}

/**
 * Opens the newest pepper. Makes it first in a new store, with the first signing key, in one transaction, so that two processes
 * that start at the same time end up with the same keys. Throws an OperatorFault if the master key is a different one.
 */
export async function openSealedKeys(
  db: Kysely<Tables>,
  dataKeys: DataKeys,
  ports: SealedKeysPorts,
): Promise<SealedKeys> {
  const created = (await isSealed(db)) ? undefined : await makeSealedKeys(db, dataKeys, ports);
  const peppers = db.selectFrom("peppers").select(["pepper_id", "sealed"]).where("sealed", "is not", null);
  const row = await peppers.orderBy("used_from", "desc").executeTakeFirst();
  if (row === undefined) throw missing("pepper");
  // A damaged file can return a value that is not bytes
  const context = pepperContext(row.pepper_id);
  const pepper = row.sealed instanceof Uint8Array ? await dataKeys.open(row.sealed, context) : undefined;
  if (pepper === undefined) throw dataKeys.opensStore ? missing("pepper") : wrongMasterKey();
  await beginDataKeys(db, dataKeys, ports);
  return { pepper: new Redacted<Uint8Array>(pepper), created };
}

/** Seals the values of a store of an earlier version, which had no data keys, under a first one. */
async function beginDataKeys(db: Kysely<Tables>, dataKeys: DataKeys, ports: SealedKeysPorts): Promise<void> {
  if ((await readDataKeys(db)).length === 0)
    await inTurn({ db, ...ports }, "changes", async (transaction) => {
      if ((await readDataKeys(transaction)).length === 0) await makeFirst(transaction, dataKeys, ports.clock.now());
    });
  await dataKeys.refresh();
}

const makeFirst = (transaction: Transaction<Tables>, dataKeys: DataKeys, now: number) =>
  replaceDataKey(transaction, {
    dataKeys,
    masterKeys: [{ masterKey: dataKeys.masterKey, outgoing: false }],
    now,
  });

async function makeSealedKeys(
  db: Kysely<Tables>,
  dataKeys: DataKeys,
  { clock, eventIds, keyMaker, algorithm, ...ports }: SealedKeysPorts,
): Promise<ObjectsChanged | undefined> {
  const pair = await keyMaker.generate(algorithm);
  const at = clock.now();
  const change = addDueKey([], { fresh: pair, activeFrom: at }, at);
  const event = changed({ at, objects: keyObjects(change) }, { eventIds, origin: serviceOrigin("key_created") });
  return inTurn({ db, ...ports }, "changes", async (transaction) => {
    if (await isSealed(transaction)) return undefined; // another process was faster
    await makeFirst(transaction, dataKeys, at);
    const first = { pepperId: firstPepper, createdAt: at, usedFrom: at, endsAt: null, isDeleted: false };
    const sealed = await dataKeys.sealIn(transaction, randomBytes(32), pepperContext(firstPepper));
    await insertPepper(transaction, first, sealed);
    await storeKeys(transaction, change, { pairs: [pair], sealer: dataKeys });
    await insertEvent(transaction, event, ports);
    return event;
  });
}
