import { createSecretKey } from "node:crypto";
import type { AnswerSealer } from "@carnet/core/admin/idempotency";
import { createMasterKey, type MasterKey, makeDataKey, open, seal } from "@carnet/server/crypto/sealer";
import { DataKeys, type Sealer } from "@carnet/server/store/sql/data-keys";
import type { Tables } from "@carnet/server/store/sql/schema";
import type { Kysely } from "kysely";

/** A master key of 32 bytes with this value. */
export const testMasterKey = (byte = 1): MasterKey => createMasterKey(createSecretKey(Buffer.alloc(32, byte)));

/** The data keys of a database, as a process with this master key opens them. */
export const testDataKeys = (db: Kysely<Tables>, byte = 1): DataKeys => new DataKeys(db, testMasterKey(byte));

const dataKey = makeDataKey();

/** Seals under a data key that no store has. */
export const memorySealer: AnswerSealer & Sealer = {
  sealIn: async (_transaction, plain, context) => seal(dataKey, plain, context),
  seal: (plain, context) => seal(dataKey, plain, context),
  open: async (sealed, context) => open(dataKey, sealed, context),
};
