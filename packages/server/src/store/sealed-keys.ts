import { randomBytes } from "node:crypto";
import { decoyClient } from "@carnet/core/client/decoy-client";
import type { Clock } from "@carnet/core/ports";
import type { Kysely } from "kysely";
import type { Sealer } from "../crypto/sealer.ts";
import { isSigningAlgorithm } from "../crypto/signing-algorithms.ts";
import { exportPrivateKey, generateSigningKey, importPrivateKey, type SigningKey } from "../crypto/signing-key.ts";
import { OperatorFault } from "../fault.ts";
import { toClientRow, toSecretRow } from "./client-rows.ts";
import type { Tables } from "./schema.ts";

/** What the server keeps under the master key. */
export interface SealedKeys {
  /** Keys the hashes of client secrets. */
  readonly pepper: Uint8Array;
  /** The newest last. At least one. */
  readonly signingKeys: readonly SigningKey[];
}

/** Whether anything is sealed in the store: then only the master key that sealed it will do. */
export async function isSealed(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom("sealed_values").select("name").limit(1).execute()).length > 0;
}

/**
 * Opens what the store holds under the master key; in a new store makes it first, all in one transaction, so that two
 * processes that start at once end up with the same. Throws an OperatorFault where the master key is another one.
 */
export async function openSealedKeys(db: Kysely<Tables>, sealer: Sealer, clock: Clock): Promise<SealedKeys> {
  if (!(await isSealed(db))) await makeSealedKeys(db, sealer, clock);
  const { sealed } = await db
    .selectFrom("sealed_values")
    .select("sealed")
    .where("name", "=", "pepper")
    .executeTakeFirstOrThrow();
  const rows = await db.selectFrom("signing_keys").selectAll().orderBy("created_at").execute();
  return {
    pepper: open(sealer, sealed, "pepper"),
    signingKeys: rows.map((row): SigningKey => {
      if (!isSigningAlgorithm(row.algorithm)) {
        throw new OperatorFault(
          `The store holds a signing key of the algorithm ${row.algorithm}, which this version does not know: start the version that made it.`,
        );
      }
      const privateKey = importPrivateKey(open(sealer, row.sealed_private_key, signingKeyContext(row.key_id)));
      return { keyId: row.key_id, algorithm: row.algorithm, privateKey, publicJwk: JSON.parse(row.public_jwk) };
    }),
  };
}

async function makeSealedKeys(db: Kysely<Tables>, sealer: Sealer, clock: Clock): Promise<void> {
  const key = await generateSigningKey("ES256");
  await db.transaction().execute(async (transaction) => {
    if (await isSealed(transaction)) return; // another process was quicker
    const sealed = sealer.seal(randomBytes(32), "pepper");
    await transaction.insertInto("sealed_values").values({ name: "pepper", sealed }).execute();
    await transaction
      .insertInto("signing_keys")
      .values({
        key_id: key.keyId,
        algorithm: key.algorithm,
        public_jwk: JSON.stringify(key.publicJwk),
        sealed_private_key: sealer.seal(exportPrivateKey(key), signingKeyContext(key.keyId)),
        created_at: clock.now(),
      })
      .execute();
    await transaction.insertInto("clients").values(toClientRow(decoyClient)).execute();
    const decoySecrets = decoyClient.secrets.map((secret) => toSecretRow(decoyClient.clientId, secret));
    await transaction.insertInto("client_secrets").values(decoySecrets).execute();
  });
}

const signingKeyContext = (keyId: string): string => `signing-key/${keyId}`;

function open(sealer: Sealer, sealed: Uint8Array, context: string): Buffer {
  const plain = sealer.open(sealed, context);
  if (plain !== undefined) return plain;
  throw new OperatorFault(
    "The master key does not open this store: give the key that the store was made with, in CARNET_MASTER_KEY or CARNET_MASTER_KEY_FILE.",
  );
}
