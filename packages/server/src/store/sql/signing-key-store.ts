import type { KeyChange } from "@carnet/core/key/key-changes";
import type { PublicJwk, SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { FreshKeyPair, SigningKeyStore } from "@carnet/core/key/signing-key-store";
import { endOfKeyRevocation } from "@carnet/core/revocation/revocation";
import { isSigningAlgorithm, type SigningAlgorithmName } from "@carnet/protocol/signing-algorithms";
import type { Kysely, Selectable, Transaction } from "kysely";
import { OperatorFault } from "../../fault.ts";
import { missing } from "../damaged-store.ts";
import type { Sealer } from "./data-keys.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import { insertRevocations } from "./revocation-store.ts";
import type { Tables } from "./schema.ts";

/** The keys in an SQL database. Private keys are sealed, each bound to the id of its key. */
export interface SqlSigningKeyStore extends SigningKeyStore {
  /** The private key as PKCS #8 in DER. Throws an OperatorFault if it does not open. */
  openPrivateKey(keyId: string): Promise<Buffer>;
}

export const createSqlSigningKeyStore = (
  db: Kysely<Tables>,
  { sealer, ...ports }: EventPorts & { readonly sealer: Sealer },
): SqlSigningKeyStore => ({
  list: () => listKeys(db),
  async openPrivateKey(keyId) {
    const row = await db
      .selectFrom("signing_keys")
      .select("sealed_private_key as sealed")
      .where("key_id", "=", keyId)
      .executeTakeFirst();
    const context = signingKeyContext(keyId);
    const opened = row?.sealed instanceof Uint8Array ? await sealer.open(row.sealed, context) : undefined;
    if (opened === undefined) throw missing("signing key");
    return opened;
  },
  change: (pairs, decide) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const decided = decide(await listKeys(transaction));
      if (!decided.ok || decided.value.keys.length === 0) return decided;
      await storeKeys(transaction, decided.value, { pairs, sealer });
      const revoked = decided.value.keys.flatMap(({ after: { keyId, revokedAt } }) =>
        revokedAt === null ? [] : [{ keyId, revokedAt }],
      );
      const revocations = revoked.map(({ keyId, revokedAt }) => ({
        ...({ kind: "key", subject: keyId, issuedUntil: null, clientId: null, owner: null } as const),
        ...{ revokedAt, endsAt: endOfKeyRevocation(revokedAt) },
      }));
      await insertRevocations(transaction, revocations, ports.dialect);
      await insertEvent(transaction, decided.value.event, ports);
      return decided;
    }),
  async delete(keyIds) {
    await db.deleteFrom("signing_keys").where("key_id", "in", keyIds).execute();
    await ports.dialect.eraseDeleted(db);
  },
});

/** Stores the keys of a change as part of a transaction. */
export async function storeKeys(
  transaction: Transaction<Tables>,
  { keys }: KeyChange,
  { pairs, sealer }: { readonly pairs: readonly FreshKeyPair[]; readonly sealer: Sealer },
): Promise<void> {
  for (const { before, after } of keys) {
    const times = { active_from: after.activeFrom, retired_at: after.retiredAt, revoked_at: after.revokedAt };
    if (before !== null) {
      await transaction.updateTable("signing_keys").set(times).where("key_id", "=", after.keyId).execute();
      continue;
    }
    const pair = pairs.find(({ keyId }) => keyId === after.keyId);
    if (pair === undefined) throw new Error("a new key has no private part");
    const values = {
      ...{ key_id: after.keyId, algorithm: after.algorithm, public_jwk: JSON.stringify(after.publicJwk) },
      sealed_private_key: await sealer.sealIn(transaction, pair.privateKey.reveal(), signingKeyContext(after.keyId)),
      created_at: after.createdAt,
    };
    await transaction
      .insertInto("signing_keys")
      .values({ ...values, ...times })
      .execute();
  }
}

async function listKeys(db: Kysely<Tables>): Promise<readonly SigningKeyRecord[]> {
  const rows = await db
    .selectFrom("signing_keys")
    .select(["key_id", "algorithm", "public_jwk", "created_at", "active_from", "retired_at", "revoked_at"])
    .execute();
  return rows.map(toKey);
}

const toKey = (row: Omit<Selectable<Tables["signing_keys"]>, "sealed_private_key">): SigningKeyRecord => ({
  keyId: row.key_id,
  algorithm: knownAlgorithm(row.algorithm),
  publicJwk: JSON.parse(row.public_jwk) as PublicJwk,
  createdAt: row.created_at,
  activeFrom: row.active_from ?? row.created_at,
  retiredAt: row.retired_at,
  revokedAt: row.revoked_at,
});

function knownAlgorithm(name: string): SigningAlgorithmName {
  if (isSigningAlgorithm(name)) return name;
  throw new OperatorFault(
    `The store holds a signing key of the algorithm ${name}, which this version does not support: start the version that made it.`,
  );
}

export const signingKeyContext = (keyId: string): string => `signing-key/${keyId}`;
