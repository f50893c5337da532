import { randomBytes } from "node:crypto";
import { drawHandle } from "@carnet/core/client/draw";
import type { RandomSource } from "@carnet/core/ports";
import { type Kysely, sql } from "kysely";
import type { Tables } from "../schema.ts";

/** Secrets are found by their digest; clients and secrets get revocation handles. */
export const secretsByDigest = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`delete from clients where client_id = ''`.execute(db); // the stand-in for unknown clients
    await db.schema.alterTable("client_secrets").dropColumn("salt").execute();
    await db.schema.createIndex("client_secrets_digest").unique().on("client_secrets").column("digest").execute();
    for (const table of ["clients", "client_secrets"] as const) {
      await db.schema
        .alterTable(table)
        .addColumn("handle", "text", (column) => column.notNull().defaultTo(""))
        .execute();
    }
    await fillHandles(db as Kysely<Tables>);
  },
};

/** A migration runs before the service has its ports, and needs no reproducible randomness. */
const random: RandomSource = { bytes: (length) => randomBytes(length), uuid: () => "" };

async function fillHandles(db: Kysely<Tables>): Promise<void> {
  for (const { client_id } of await db.selectFrom("clients").select("client_id").execute())
    await db
      .updateTable("clients")
      .set({ handle: drawHandle(random) })
      .where("client_id", "=", client_id)
      .execute();
  for (const { client_id, place, secret_id } of await db
    .selectFrom("client_secrets")
    .select(["client_id", "place", "secret_id"])
    .execute())
    await db
      .updateTable("client_secrets")
      .set({ handle: drawHandle(random) })
      .where("client_id", "=", client_id)
      .where("place", "=", place)
      .where("secret_id", "=", secret_id)
      .execute();
}
