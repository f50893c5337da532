import { ok } from "@carnet/protocol/result";
import { difference, isoTime } from "../audit/client-changes.ts";
import type { ChangedObject } from "../audit/event.ts";
import { type ChangeRecorderPorts, changed } from "../audit/recorder.ts";
import type { Clock } from "../ports.ts";
import { addDueKey, type DueFacts, dueKeys, endedKeys, type KeyChange } from "./key-changes.ts";
import type { KeyTimes, SigningKeyRecord } from "./key-ring.ts";
import type { KeyMaker, SigningKeyStore } from "./signing-key-store.ts";

export interface KeyKeepingPorts extends ChangeRecorderPorts {
  readonly clock: Clock;
  readonly signingKeys: SigningKeyStore;
  readonly keyMaker: KeyMaker;
  readonly keyTimes: KeyTimes;
}

/**
 * Makes the keys that are due, and deletes those that nothing needs any more. Every node runs it; of two that find the
 * same key due, the second one changes nothing.
 */
export async function keepKeys(due: DueFacts, ports: KeyKeepingPorts): Promise<void> {
  const { signingKeys, keyMaker, clock, keyTimes: times } = ports;
  const now = clock.now();
  const keys = await signingKeys.list();
  for (const { algorithm } of dueKeys(keys, due, { now, times })) {
    const pair = await keyMaker.generate(algorithm); // before the transaction, because an RSA key takes long
    const stored = await signingKeys.change([pair], (current) => {
      const still = dueKeys(current, due, { now, times }).find((one) => one.algorithm === algorithm);
      const change: KeyChange =
        still === undefined ? { keys: [] } : addDueKey(current, { fresh: pair, activeFrom: still.activeFrom }, now);
      return ok({ ...change, event: changed({ at: now, objects: keyObjects(change) }, ports) });
    });
    if (stored.ok && stored.value.keys.length > 0) await ports.recorder.record(stored.value.event);
  }
  const ended = endedKeys(keys, { now, times });
  if (ended.length > 0) await signingKeys.delete(ended);
}

/** The keys that a change touches, for its event. */
export const keyObjects = ({ keys }: KeyChange): readonly ChangedObject[] =>
  keys.flatMap(({ before, after }) =>
    difference({ type: "key", id: after.keyId, clientId: null }, before && keyFields(before), keyFields(after)),
  );

const keyFields = ({ algorithm, activeFrom, retiredAt, revokedAt }: SigningKeyRecord) => ({
  algorithm,
  active_from: isoTime(activeFrom),
  retired_at: isoTime(retiredAt),
  revoked_at: isoTime(revokedAt),
});
