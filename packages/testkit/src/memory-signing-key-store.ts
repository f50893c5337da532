import type { KeyPorts } from "@carnet/core/admin/keys";
import type { SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { SigningKeyStore } from "@carnet/core/key/signing-key-store";
import { keyMaker } from "@carnet/server/crypto/key-maker";
import { keyReader } from "@carnet/server/crypto/private-key-reader";
import { MemoryEventStore } from "./memory-event-store.ts";

/** Signing keys in a list, without their private parts. Stores no revocations of tokens. */
export class MemorySigningKeyStore implements SigningKeyStore {
  keys: readonly SigningKeyRecord[] = [];
  readonly #events: MemoryEventStore;

  constructor(events: MemoryEventStore = new MemoryEventStore()) {
    this.#events = events;
  }

  readonly list = async () => this.keys;

  readonly change: SigningKeyStore["change"] = async (_pairs, decide) => {
    const decided = decide(this.keys);
    if (!decided.ok || decided.value.keys.length === 0) return decided;
    const changed = decided.value.keys.map(({ after }) => after);
    const isChanged = ({ keyId }: SigningKeyRecord) => changed.some((one) => one.keyId === keyId);
    this.keys = [...this.keys.filter((key) => !isChanged(key)), ...changed];
    this.#events.insert(decided.value.event);
    return decided;
  };

  readonly delete = async (keyIds: readonly string[]) => {
    this.keys = this.keys.filter(({ keyId }) => !keyIds.includes(keyId));
  };
}

/** The keys of a service with the default settings. */
export const keyPortsOf = (store: SigningKeyStore): KeyPorts => ({
  ...{ store, maker: keyMaker, reader: keyReader, ring: { refreshAnew: async () => {} } },
  times: { jwksMaxAge: 300_000, publication: 1_500_000 },
  algorithms: { byDefault: "ES256", byAudience: new Map() },
  rotation: 90 * 86_400_000,
});
