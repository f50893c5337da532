import type { KeyPorts } from "@carnet/core/admin/keys";
import type { ChangeRecorderPorts } from "@carnet/core/audit/recorder";
import { keepKeys } from "@carnet/core/key/keep-keys";
import { algorithmsInUse } from "@carnet/core/key/key-ring";
import { tokenSizeWarning } from "@carnet/core/key/token-size";
import type { Clock } from "@carnet/core/ports";
import { algorithmsOf, keyTimesOf } from "./configuration/key-settings.ts";
import type { Configuration } from "./configuration/load-configuration.ts";
import { keyMaker } from "./crypto/key-maker.ts";
import { KeyRing } from "./crypto/key-ring.ts";
import { keyReader } from "./crypto/private-key-reader.ts";
import type { Log } from "./log/logger.ts";
import type { SqlSigningKeyStore } from "./store/sql/signing-key-store.ts";

/** The signing keys of a process, and what changes them. */
export interface OpenKeys {
  readonly ring: KeyRing;
  /** For the admin API. */
  readonly ports: KeyPorts;
  /** Makes the keys that are due, and deletes the old ones. */
  keep(recorded: ChangeRecorderPorts): Promise<void>;
}

/** Reads the keys. Warns of algorithms in use that make long tokens. */
export async function openKeys(
  configuration: Configuration,
  { store, clock, log }: { readonly store: SqlSigningKeyStore; readonly clock: Clock; readonly log: Log },
): Promise<OpenKeys> {
  const [algorithms, times] = [algorithmsOf(configuration), keyTimesOf(configuration)];
  const [inUse, rotation] = [algorithmsInUse(algorithms), configuration.keyRotation];
  for (const algorithm of inUse) {
    const detail = tokenSizeWarning(algorithm);
    if (detail !== undefined) log.warn("long_tokens", { algorithm, detail });
  }
  const ring = new KeyRing({ source: store, clock, times, algorithms });
  await ring.refresh();
  const ports = { store, maker: keyMaker, reader: keyReader, times, algorithms, rotation, ring };
  return {
    ring,
    ports,
    keep: (recorded) =>
      keepKeys({ inUse, rotation }, { ...recorded, clock, signingKeys: store, keyMaker, keyTimes: times }),
  };
}
