import { randomBytes } from "node:crypto";
import { changed, cliOrigin, type EventIds, serviceOrigin } from "@carnet/core/audit/recorder";
import { keepKeys, keyObjects } from "@carnet/core/key/keep-keys";
import {
  activate,
  addKey,
  type ChangeFacts,
  type KeyChange,
  type KeyRefusal,
  retireKey,
  revokeKey,
} from "@carnet/core/key/key-changes";
import { algorithmsInUse, type KeyTimes, ringAt, type SigningKeyRecord } from "@carnet/core/key/key-ring";
import type { FreshKeyPair, StoredKeyChange } from "@carnet/core/key/signing-key-store";
import type { Clock } from "@carnet/core/ports";
import { ok, type Result } from "@carnet/protocol/result";
import { createEventIds } from "@carnet/server/audit/event-ids";
import { algorithmsOf, keyTimesOf } from "@carnet/server/configuration/key-settings";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { keyMaker } from "@carnet/server/crypto/key-maker";
import { openStore, type Storage } from "@carnet/server/store/open-store";

type Decide = (keys: readonly SigningKeyRecord[], facts: ChangeFacts) => Result<KeyChange, KeyRefusal>;

/** The signing keys in a store, and what an operator and the service do with them. */
export class OpenKeys implements AsyncDisposable {
  readonly storage: Storage;
  readonly #clock: Clock;
  readonly #eventIds: EventIds;
  readonly #configuration: ReturnType<typeof loadConfiguration>;

  private constructor(
    storage: Storage,
    ports: { clock: Clock; eventIds: EventIds },
    configuration: ReturnType<typeof loadConfiguration>,
  ) {
    this.storage = storage;
    this.#clock = ports.clock;
    this.#eventIds = ports.eventIds;
    this.#configuration = configuration;
  }

  /** Opens a store as the service does, and creates what is missing. `environment` has the settings of the service. */
  static async open(dataDir: string, environment: Readonly<Record<string, string>>, clock: Clock): Promise<OpenKeys> {
    const configuration = loadConfiguration({ mode: "dev", flags: { dataDir }, environment, file: undefined });
    const eventIds = createEventIds({ bytes: (length) => randomBytes(length) });
    return new OpenKeys(await openStore(configuration, clock, eventIds), { clock, eventIds }, configuration);
  }

  get times(): KeyTimes {
    return keyTimesOf(this.#configuration);
  }

  list(): Promise<readonly SigningKeyRecord[]> {
    return this.storage.signingKeys.list();
  }

  /** Undefined: it was refused. */
  async rotate({ now: immediately }: { readonly now: boolean } = { now: false }): Promise<StoredKeyChange | undefined> {
    const fresh = await keyMaker.generate("ES256");
    return this.#change([fresh], (keys, facts) => {
      const upcoming = ringAt(keys, facts.now, facts.times).find(({ state }) => state === "upcoming")?.key;
      if (immediately && upcoming !== undefined) return ok(activate(upcoming, keys, facts.now));
      return addKey(keys, { fresh, immediately }, facts);
    });
  }

  async retire(keyId: string): Promise<StoredKeyChange | undefined> {
    const inUse = algorithmsInUse(algorithmsOf(this.#configuration));
    return this.#change([], (keys, facts) => retireKey(keys, { keyId, inUse }, facts));
  }

  async revoke(keyId: string): Promise<StoredKeyChange | undefined> {
    const fresh = await keyMaker.generate("ES256");
    return this.#change([fresh], (keys, facts) => revokeKey(keys, { keyId, fresh }, facts));
  }

  /** What the service does every minute. */
  keep(recorded: (eventId: string) => void): Promise<void> {
    return keepKeys(
      { inUse: algorithmsInUse(algorithmsOf(this.#configuration)), rotation: this.#configuration.keyRotation },
      {
        ...{ clock: this.#clock, eventIds: this.#eventIds, signingKeys: this.storage.signingKeys, keyMaker },
        ...{ keyTimes: this.times, origin: serviceOrigin("key_created") },
        recorder: { record: ({ id }) => recorded(id) },
      },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.storage.db.destroy();
  }

  async #change(pairs: readonly FreshKeyPair[], decide: Decide): Promise<StoredKeyChange | undefined> {
    const now = this.#clock.now();
    const stored = await this.storage.signingKeys.change(pairs, (keys) => {
      const decided = decide(keys, { now, times: this.times });
      if (!decided.ok) return decided;
      const ports = { eventIds: this.#eventIds, origin: cliOrigin("key_created") };
      return ok({ ...decided.value, event: changed({ at: now, objects: keyObjects(decided.value) }, ports) });
    });
    return stored.ok ? stored.value : undefined;
  }
}
