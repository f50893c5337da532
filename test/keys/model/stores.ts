import type { SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { SigningKeyStore } from "@carnet/core/key/signing-key-store";
import { endOfKeyRevocation } from "@carnet/core/revocation/revocation";
import type { KeySource } from "@carnet/server/crypto/key-ring";
import { createSqlRevocationStore } from "@carnet/server/store/sql/revocation-store";
import { createSqlSigningKeyStore } from "@carnet/server/store/sql/signing-key-store";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { memorySealer } from "@carnet/testkit/test-data-keys";
import { openTwoSqlite, storePorts } from "@carnet/testkit/test-database";

/** What all nodes of a world share. */
export interface SharedStore extends SigningKeyStore, KeySource {
  /** What the revocation feed says of keys at a time. */
  revokedKeys(now: number): Promise<readonly string[]>;
  clear(): Promise<void>;
}

/** Fast, for many runs. It does what the SQL store does, which the runs on SQLite show. */
export function createMemoryStore(): SharedStore {
  const keys = new Map<string, SigningKeyRecord>();
  const privateKeys = new Map<string, Uint8Array>();
  const revocations = new Map<string, number>();
  return {
    list: async () => [...keys.values()],
    async openPrivateKey(keyId) {
      const opened = privateKeys.get(keyId);
      if (opened === undefined) throw new Error(`there is no private key ${keyId}`);
      return opened;
    },
    async change(pairs, decide) {
      const decided = decide([...keys.values()]);
      if (!decided.ok) return decided;
      for (const { before, after } of decided.value.keys) {
        const pair = pairs.find(({ keyId }) => keyId === after.keyId);
        if (before === null && pair !== undefined) privateKeys.set(after.keyId, pair.privateKey.reveal());
        keys.set(after.keyId, after);
        if (after.revokedAt !== null) revocations.set(after.keyId, endOfKeyRevocation(after.revokedAt));
      }
      return decided;
    },
    async delete(keyIds) {
      for (const keyId of keyIds) keys.delete(keyId);
    },
    revokedKeys: async (now) => [...revocations].flatMap(([keyId, endsAt]) => (endsAt > now ? [keyId] : [])),
    async clear() {
      for (const map of [keys, privateKeys, revocations]) map.clear();
    },
  };
}

/** The store of the service. */
export async function openSqliteStore(): Promise<SharedStore & AsyncDisposable> {
  const { db, dialect, ...database } = await openTwoSqlite();
  const ports = storePorts(dialect, new FixedClock("2026-11-21T12:00:00Z"));
  const keys = createSqlSigningKeyStore(db, { ...ports, sealer: memorySealer });
  const revocations = createSqlRevocationStore(db, ports);
  return {
    ...keys,
    async revokedKeys(now) {
      const listed = await revocations.list({ now, owners: null, clientId: null, after: 0, limit: 1000 });
      return listed.flatMap(({ kind, subject }) => (kind === "key" ? [subject] : []));
    },
    async clear() {
      for (const table of ["signing_keys", "revocations", "audit_events"] as const)
        await db.deleteFrom(table).execute();
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
