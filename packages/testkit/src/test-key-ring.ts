import type { SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { Clock } from "@carnet/core/ports";
import { KeyRing } from "@carnet/server/crypto/key-ring";
import { exportPrivateKey, importSigningKey, type SigningKey } from "@carnet/server/crypto/signing-key";
import type { Sealer } from "@carnet/server/store/sql/data-keys";
import type { EventPorts } from "@carnet/server/store/sql/event-store";
import type { Tables } from "@carnet/server/store/sql/schema";
import { createSqlSigningKeyStore } from "@carnet/server/store/sql/signing-key-store";
import type { Kysely } from "kysely";

/** A key ring whose keys a test sets. The last one signs, the others are retiring. */
export interface TestKeyRing {
  readonly ring: KeyRing;
  replace(keys: readonly SigningKey[]): Promise<void>;
}

export async function openTestKeyRing(clock: Clock, keys: readonly SigningKey[]): Promise<TestKeyRing> {
  let current = keys;
  const ring = new KeyRing({
    clock,
    times: { publication: 600_000 },
    algorithms: { byDefault: "ES256", byAudience: new Map() },
    source: {
      list: async () => current.map((key, place) => recordOf(key, clock.now() - current.length + place)),
      async openPrivateKey(keyId) {
        const key = current.find((one) => one.keyId === keyId);
        if (key === undefined) throw new Error(`the test has no key ${keyId}`);
        return exportPrivateKey(key);
      },
    },
  });
  await ring.refresh();
  return {
    ring,
    async replace(next) {
      current = next;
      await ring.refreshAnew();
    },
  };
}

const recordOf = ({ keyId, algorithm, publicJwk }: SigningKey, from: number): SigningKeyRecord => ({
  ...{ keyId, algorithm, publicJwk, createdAt: from, activeFrom: from, retiredAt: null, revokedAt: null },
});

/** The signing keys of a store, with their private parts. */
export async function storedSigningKeys(
  db: Kysely<Tables>,
  sealer: Sealer,
  ports: EventPorts,
): Promise<readonly SigningKey[]> {
  const store = createSqlSigningKeyStore(db, { ...ports, sealer });
  const keys = await store.list();
  return Promise.all(
    keys.map(async ({ keyId, algorithm }) => importSigningKey(algorithm, await store.openPrivateKey(keyId))),
  );
}
