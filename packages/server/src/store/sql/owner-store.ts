import { parseCidr } from "@carnet/core/client/cidr";
import { defaultPolicy, type Owner, type OwnerPolicy } from "@carnet/core/owner/owner";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import { type Kysely, type Selectable, sql } from "kysely";
import { OperatorFault } from "../../fault.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import type { Tables } from "./schema.ts";

type OwnerRow = Selectable<Tables["owners"]>;

/** Owners in an SQL database. */
export const createSqlOwnerStore = (db: Kysely<Tables>, ports: EventPorts): OwnerStore => ({
  async find(name) {
    const row = await db.selectFrom("owners").selectAll().where("name", "=", name).executeTakeFirst();
    return row && toOwner(row);
  },
  async list() {
    return (await db.selectFrom("owners").selectAll().orderBy("name").execute()).map(toOwner);
  },
  async listEnforced() {
    const owners = db.selectFrom("owners").selectAll().orderBy("name");
    // In JSON a quote within a text has a backslash, so these match the member only
    const enforced = owners
      .where("policy", "like", '%"enforceFrom":%')
      .where("policy", "not like", '%"enforceFrom":null%');
    return (await enforced.execute()).map(toOwner);
  },
  insert: (owner, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const same = transaction
        .selectFrom("owners")
        .select("name")
        .where(sql`lower(name)`, "=", owner.name.toLowerCase());
      if ((await same.executeTakeFirst()) !== undefined) return "taken";
      await transaction.insertInto("owners").values(toRow(owner)).execute();
      await insertEvent(transaction, event, ports);
      return "inserted";
    }),
  replace: (next, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const updated = await transaction
        .updateTable("owners")
        .set(toRow(next))
        .where("name", "=", next.name)
        .where("created_at", "=", next.createdAt)
        .where("version", "=", next.version - 1)
        .executeTakeFirst();
      if (updated.numUpdatedRows !== 1n) return "changed";
      await insertEvent(transaction, event, ports);
      return "replaced";
    }),
  delete: (owner, { event }) =>
    inTurn({ db, ...ports }, "changes", async (transaction) => {
      const used = transaction.selectFrom("clients").select("client_id").where("owner", "=", owner.name);
      if ((await used.executeTakeFirst()) !== undefined) return "in_use";
      const bound = await transaction
        .selectFrom("clients")
        .select("role_owners")
        .where("role", "is not", null)
        .execute();
      if (bound.some(({ role_owners: names }) => names?.split(" ").includes(owner.name))) return "in_use";
      const deleted = await transaction
        .deleteFrom("owners")
        .where("name", "=", owner.name)
        .where("created_at", "=", owner.createdAt)
        .where("version", "=", owner.version)
        .executeTakeFirst();
      if (deleted.numDeletedRows !== 1n) return "changed";
      await insertEvent(transaction, event, ports);
      return "deleted";
    }),
  async countClients(names) {
    if (names.length === 0) return new Map();
    const rows = await db
      .selectFrom("clients")
      .select(({ fn }) => ["owner", fn.countAll<number>().as("clients")])
      .where("owner", "in", names)
      .where("role", "is", null)
      .groupBy("owner")
      .execute();
    return new Map(rows.map(({ owner, clients }) => [owner, Number(clients)]));
  },
});

type StoredPolicy = Omit<OwnerPolicy, "addressBlocks"> & { readonly addressBlocks: readonly string[] };

const toRow = (owner: Owner): OwnerRow => ({
  name: owner.name,
  description: owner.description,
  contact: owner.contact,
  policy: JSON.stringify({
    ...owner.policy,
    addressBlocks: owner.policy.addressBlocks.map(({ text }) => text),
  } satisfies StoredPolicy),
  created_at: owner.createdAt,
  updated_at: owner.updatedAt,
  version: owner.version,
});

const toOwner = ({ policy, ...row }: OwnerRow): Owner => ({
  name: row.name,
  description: row.description,
  contact: row.contact,
  policy: toPolicy(policy),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  version: row.version,
});

/** What a migration or an earlier version did not write has its default. */
function toPolicy(json: string): OwnerPolicy {
  try {
    const { addressBlocks = [], ...stored }: Partial<StoredPolicy> = JSON.parse(json);
    const blocks = addressBlocks.map(parseCidr).map((block) => {
      if (!block.ok) throw new Error(block.error);
      return block.value;
    });
    return { ...defaultPolicy, ...stored, addressBlocks: blocks };
  } catch {
    throw new OperatorFault(
      "The store holds a policy that this version of Carnet cannot read: start the version that wrote it, or restore the store from a backup.",
    );
  }
}
