import { type Kysely, sql } from "kysely";

/** The prefix of an imported secret was its first four characters. That of a generated one follows from its id. */
export const noSecretPrefix = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table client_secrets drop column prefix`.execute(db);
  },
};
