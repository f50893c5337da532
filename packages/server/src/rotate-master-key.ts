import type { ChangedObject, ObjectsChanged } from "@carnet/core/audit/event";
import { changed, cliOrigin, type EventIds } from "@carnet/core/audit/recorder";
import type { Clock } from "@carnet/core/ports";
import type { Configuration } from "./configuration/load-configuration.ts";
import { type NewMasterKeySource, obtainMasterKey, readNewMasterKey } from "./configuration/master-key.ts";
import { createMasterKey, type MasterKey } from "./crypto/sealer.ts";
import { OperatorFault } from "./fault.ts";
import { openOwnJournal } from "./journal/own-journal.ts";
import { openExistingDatabase, openStore, refuseMissingStore, type Storage } from "./store/open-store.ts";
import { type DataKeyRow, readDataKeys } from "./store/sql/data-keys.ts";
import { insertEvent } from "./store/sql/event-store.ts";
import { inTurn } from "./store/sql/in-turn.ts";
import { type OpeningKey, type Replacement, replaceDataKey } from "./store/sql/replace-data-key.ts";

/**
 * Replaces the master key of a store while services run. Between `rotate` and `finish` or `cancel`, both the old and the
 * new master key open the store. Each step replaces the data key as well: whoever had a master key that no longer opens
 * the store may have decrypted the data key with it.
 */
export type MasterKeyStep =
  | { readonly kind: "rotate"; readonly newKey: NewMasterKeySource }
  /** Given the new key: the old one opens the store no longer. */
  | { readonly kind: "finish" }
  /** Given the old key: the new one opens the store no longer. */
  | { readonly kind: "cancel" };

export interface MasterKeyChange extends Replacement {
  readonly event: ObjectsChanged;
  /** The ids of the master keys that open the store now, the newest one last. */
  readonly masterKeys: readonly string[];
  /** Why the event is only in the store, and what to do about it. */
  readonly journalProblem: string | undefined;
}

interface Ports {
  readonly clock: Clock;
  readonly eventIds: EventIds & { readonly process: string };
}

/** Throws an OperatorFault if the store does not open, or if the step is not possible now. Nothing is changed then. */
export async function rotateMasterKey(
  configuration: Configuration,
  step: MasterKeyStep,
  ports: Ports,
): Promise<MasterKeyChange> {
  refuseMissingStore(configuration.store);
  const newKey = step.kind === "rotate" ? createMasterKey(await readNewMasterKey(step.newKey)) : undefined;
  const storage = await openStore(configuration, ports.clock, ports.eventIds);
  const journal = await openOwnJournal(configuration, storage.db, ports);
  try {
    const change = await carryOut(storage, { kind: step.kind, newKey }, { ...ports, node: configuration.node });
    await journal.record(change.event);
    await storage.dialect.eraseDeleted(storage.db);
    return { ...change, journalProblem: journal.problem };
  } finally {
    await journal.close();
    await storage.db.destroy();
  }
}

interface Step {
  readonly kind: MasterKeyStep["kind"];
  readonly newKey: MasterKey | undefined;
}

const carryOut = (
  { db, dialect, dataKeys }: Pick<Storage, "db" | "dialect" | "dataKeys">,
  step: Step,
  { clock, eventIds, node }: Ports & { readonly node: string },
): Promise<Omit<MasterKeyChange, "journalProblem">> =>
  inTurn({ db, dialect }, "changes", async (transaction) => {
    const rows = await readDataKeys(transaction);
    const { event: kind, masterKeys, objects } = decide(rows, dataKeys.masterKey, step);
    const now = clock.now();
    const replacement = await replaceDataKey(transaction, { dataKeys, masterKeys, now });
    const event = changed({ at: now, objects }, { eventIds, origin: cliOrigin(kind) });
    await insertEvent(transaction, event, { dialect, node });
    return { ...replacement, event, masterKeys: masterKeys.map(({ masterKey: { id } }) => id) };
  });

interface Decision {
  readonly event: "master_key_rotated" | "master_key_finished" | "master_key_cancelled";
  readonly masterKeys: readonly OpeningKey[];
  readonly objects: readonly ChangedObject[];
}

/** Decides which master keys open the store after the step. Throws an OperatorFault if the step is not possible. */
function decide(rows: readonly DataKeyRow[], given: MasterKey, { kind, newKey }: Step): Decision {
  const { current, outgoing } = openingKeys(rows);
  const only = [{ masterKey: given, outgoing: false }];
  if (newKey !== undefined) {
    if (outgoing !== undefined) throw inProgress();
    if (newKey.id === given.id) throw sameKey();
    const masterKeys = [
      { masterKey: given, outgoing: true },
      { masterKey: newKey, outgoing: false },
    ];
    return { event: "master_key_rotated", masterKeys, objects: [objectOf(newKey.id, "created")] };
  }
  if (outgoing === undefined) throw notInProgress();
  if (kind === "cancel") {
    if (given.id !== outgoing) throw new OperatorFault(needsKey("old", "--cancel"));
    return { event: "master_key_cancelled", masterKeys: only, objects: [objectOf(current, "deleted")] };
  }
  if (given.id === outgoing) throw new OperatorFault(needsKey("new", "--finish"));
  return { event: "master_key_finished", masterKeys: only, objects: [objectOf(outgoing, "deleted")] };
}

const objectOf = (id: string, action: "created" | "deleted"): ChangedObject => ({
  ...{ type: "master_key", id, clientId: null, owner: null, action, changes: {} },
});

const sameKey = (): OperatorFault =>
  new OperatorFault(
    "The new master key is the one that the store has already: make another with `openssl rand -base64 32`.",
  );

const inProgress = (): OperatorFault =>
  new OperatorFault(
    "A rotation of the master key is in progress: complete it with `carnet master-key rotate --finish` and the new key, or undo it with `carnet master-key rotate --cancel` and the old key. `carnet master-key status` shows both.",
  );

const notInProgress = (): OperatorFault =>
  new OperatorFault(
    "No rotation of the master key is in progress, so there is nothing to finish or to cancel: `carnet master-key status` shows the key.",
  );

const needsKey = (which: "old" | "new", flag: string): string =>
  `${flag} needs the ${which} master key, because afterwards it is the only one that opens the store: give it in CARNET_MASTER_KEY, CARNET_MASTER_KEY_FILE or CARNET_MASTER_KEY_COMMAND. \`carnet master-key status\` shows which key you give.`;

/** What is known of the keys of a store, without opening it. Ids only. */
export interface MasterKeyStatus {
  /** null: the store is from an earlier version, or new. The next start makes one. */
  readonly dataKey: { readonly id: string; readonly createdAt: number } | null;
  /** Those that open the store. `old` and `new`: during a rotation. */
  readonly masterKeys: readonly { readonly id: string; readonly state: "current" | "old" | "new" }[];
  /** Earlier data keys, which open only what ends by itself. */
  readonly retiring: readonly { readonly id: string; readonly endsAt: number }[];
  /** The id of the master key in the settings of this command, or why there is none. */
  readonly given: { readonly id: string } | { readonly problem: string };
}

/** Reads which keys a store has, and which one the settings give. Throws an OperatorFault if the store does not open. */
export async function readMasterKeyStatus(configuration: Configuration): Promise<MasterKeyStatus> {
  const db = await openExistingDatabase(configuration);
  try {
    const rows = await readDataKeys(db);
    const { current, outgoing } = openingKeys(rows);
    const newest = rows.find(({ retires_at }) => retires_at === null);
    const retiring = new Map(
      rows.flatMap(({ data_key_id: id, retires_at: at }) => (at === null ? [] : [[id, at] as const])),
    );
    return {
      dataKey: newest === undefined ? null : { id: newest.data_key_id, createdAt: newest.created_at },
      masterKeys: [
        ...(outgoing === undefined ? [] : [{ id: outgoing, state: "old" as const }]),
        ...(newest === undefined
          ? []
          : [{ id: current, state: outgoing === undefined ? ("current" as const) : ("new" as const) }]),
      ],
      retiring: [...retiring].map(([id, endsAt]) => ({ id, endsAt })),
      given: await givenKey(configuration),
    };
  } finally {
    await db.destroy();
  }
}

async function givenKey(configuration: Configuration): Promise<MasterKeyStatus["given"]> {
  try {
    return { id: createMasterKey(await obtainMasterKey(configuration, true)).id };
  } catch (error) {
    if (error instanceof OperatorFault) return { problem: error.message };
    throw error;
  }
}

/** The ids of the master keys. outgoing undefined: no rotation is in progress. */
function openingKeys(rows: readonly DataKeyRow[]): { readonly current: string; readonly outgoing: string | undefined } {
  const idOf = (outgoing: boolean) => rows.find((row) => (row.outgoing === 1) === outgoing)?.master_key_id;
  return { current: idOf(false) ?? "", outgoing: idOf(true) };
}
