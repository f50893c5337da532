import { createSecretKey } from "node:crypto";
import { createMasterKey } from "@carnet/server/crypto/sealer";
import { DataKeys, readDataKeys } from "@carnet/server/store/sql/data-keys";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import type { PlantedSecrets } from "./planted.ts";

/** Plants a master key, the data keys that it opens in a store, and the values that these open. */
export async function plantKeys(database: string, key: Buffer, planted: PlantedSecrets): Promise<void> {
  planted.bytes("the master key", key);
  const db = await openSqlite(database);
  const masterKey = createMasterKey(createSecretKey(key));
  const dataKeys = new DataKeys(db, masterKey);
  const ports = sqlitePorts(new FixedClock("2026-06-01T00:00:00Z"));
  const { pepper } = await openSealedKeys(db, dataKeys, ports);
  const signingKeys = await storedSigningKeys(db, dataKeys, ports);
  for (const { data_key_id: id, master_key_id, wrapped } of await readDataKeys(db)) {
    const dataKey = master_key_id === masterKey.id ? masterKey.unwrap(id, wrapped) : undefined;
    if (dataKey !== undefined) planted.bytes("a data key", dataKey.key.export());
  }
  await db.destroy();
  planted.bytes("the pepper", pepper.reveal());
  for (const key of signingKeys) planted.key(key);
}
