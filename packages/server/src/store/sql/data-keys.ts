import type { Kysely, Selectable, Transaction } from "kysely";
import { type DataKey, dataKeyOf, type MasterKey, open, seal } from "../../crypto/sealer.ts";
import { OperatorFault } from "../../fault.ts";
import { DamagedStore } from "../damaged-store.ts";
import type { Tables } from "./schema.ts";

/** Encrypts values that last. */
export interface Sealer {
  /**
   * Encrypts a value that the same transaction stores. The transaction must run in turn with the `changes`, so that the
   * data key is not replaced before the value is stored. The value opens only under the same context.
   */
  sealIn(transaction: Transaction<Tables>, plain: Uint8Array, context: string): Promise<Uint8Array>;
  /** Resolves to undefined for another context, and for damaged bytes. Throws an OperatorFault for another master key. */
  open(sealed: Uint8Array, context: string): Promise<Buffer | undefined>;
}

/** What a process can open: the data keys of the store, and which of them encrypts. */
interface OpenedKeys {
  readonly all: ReadonlyMap<string, DataKey>;
  /** undefined: the store has none yet, or this process's master key opens none. */
  readonly current: DataKey | undefined;
}

/**
 * The data keys of the store, as far as this process's master key opens them. Another process can replace them at any
 * time: `refresh` notices, and so does opening a value that an unknown data key encrypts.
 */
export class DataKeys implements Sealer {
  readonly masterKey: MasterKey;
  readonly #db: Kysely<Tables>;
  #opened: OpenedKeys = { all: new Map(), current: undefined };
  #isReplaced = false;

  constructor(db: Kysely<Tables>, masterKey: MasterKey) {
    this.#db = db;
    this.masterKey = masterKey;
  }

  /** Whether the store has data keys, and none opens under this process's master key any more. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Whether the master key opens the data keys of the store, as of the last `refresh`. */
  get opensStore(): boolean {
    return this.#opened.current !== undefined;
  }

  async refresh(): Promise<void> {
    const rows = await readDataKeys(this.#db);
    this.#isReplaced = rows.length > 0 && !rows.some((row) => row.master_key_id === this.masterKey.id);
    if (!this.#isReplaced) this.#opened = this.#unwrap(rows);
  }

  /** Throws an OperatorFault if the master key was replaced. */
  refuseReplaced(): void {
    if (this.#isReplaced) throw wrongMasterKey();
  }

  /** Encrypts a value that ends within ten minutes. */
  seal(plain: Uint8Array, context: string): Uint8Array {
    return seal(currentOf(this.#opened), plain, context);
  }

  async sealIn(transaction: Transaction<Tables>, plain: Uint8Array, context: string): Promise<Uint8Array> {
    return seal(currentOf(await this.readIn(transaction)), plain, context);
  }

  async open(sealed: Uint8Array, context: string): Promise<Buffer | undefined> {
    const dataKeyId = dataKeyOf(sealed);
    if (dataKeyId === undefined) return this.masterKey.openFirstVersion(sealed, context);
    if (!this.#opened.all.has(dataKeyId)) {
      await this.refresh();
      this.refuseReplaced();
    }
    return openWith(this.#opened, sealed, context);
  }

  /** The data keys as a transaction sees them. Throws an OperatorFault if the master key opens none of them. */
  async readIn(transaction: Transaction<Tables>): Promise<OpenedKeys> {
    const opened = this.#unwrap(await readDataKeys(transaction));
    if (opened.current === undefined) throw wrongMasterKey();
    return opened;
  }

  #unwrap(rows: readonly DataKeyRow[]): OpenedKeys {
    const own = rows.filter((row) => row.master_key_id === this.masterKey.id);
    const all = new Map(own.map((row) => [row.data_key_id, this.#unwrapOne(row)]));
    const current = own.find(({ retires_at }) => retires_at === null);
    return { all, current: current && all.get(current.data_key_id) };
  }

  #unwrapOne({ data_key_id: id, wrapped }: DataKeyRow): DataKey {
    const known = this.#opened.all.get(id);
    const dataKey = known ?? (wrapped instanceof Uint8Array ? this.masterKey.unwrap(id, wrapped) : undefined);
    if (dataKey !== undefined) return dataKey;
    throw new DamagedStore("The store is damaged, its data key cannot be decrypted: restore it from a backup.");
  }
}

export type DataKeyRow = Selectable<Tables["data_keys"]>;

export const readDataKeys = (db: Kysely<Tables>): Promise<readonly DataKeyRow[]> =>
  db.selectFrom("data_keys").selectAll().execute();

/** Opens a value of version 2. */
export function openWith({ all }: Pick<OpenedKeys, "all">, sealed: Uint8Array, context: string): Buffer | undefined {
  const dataKey = all.get(dataKeyOf(sealed) ?? "");
  return dataKey && open(dataKey, sealed, context);
}

function currentOf({ current }: OpenedKeys): DataKey {
  if (current === undefined) throw new Error("the store has no data key yet");
  return current;
}

export const wrongMasterKey = (): OperatorFault =>
  new OperatorFault(
    "The master key does not open this store: set CARNET_MASTER_KEY, CARNET_MASTER_KEY_FILE or CARNET_MASTER_KEY_COMMAND to the key that the store was made with, or to the new one if `carnet master-key rotate` has replaced it.",
  );
