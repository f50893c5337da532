import type { Kysely } from "kysely";
import type { Tables } from "../store/sql/schema.ts";

/** What the metrics show of the store's content. Times are milliseconds since the epoch. */
export interface StoredFacts {
  readonly nextClientExpiry: number | undefined;
  readonly nextSecretExpiry: number | undefined;
  readonly webhook: { readonly waiting: number; readonly failedAttempts: number } | undefined;
}

/** Reads them with one query each, all from an index. */
export async function readStoredFacts(db: Kysely<Tables>, now: number): Promise<StoredFacts> {
  const client = await db
    .selectFrom("clients")
    .select("expires_at as at")
    .where("expires_at", ">", now)
    .where("status", "=", "active")
    .orderBy("expires_at")
    .limit(1)
    .executeTakeFirst();
  const secret = await db
    .selectFrom("client_secrets as secret")
    .innerJoin("clients", "clients.client_id", "secret.client_id")
    .select("secret.expires_at as at")
    .where("secret.expires_at", ">", now)
    .where("secret.revoked_at", "is", null)
    .where("clients.status", "=", "active")
    .orderBy("secret.expires_at")
    .limit(1)
    .executeTakeFirst();
  const pepper = await db
    .selectFrom("peppers")
    .select("ends_at as at")
    .where("ends_at", ">", now)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("client_secrets")
          .select("secret_id")
          .whereRef("client_secrets.pepper", "=", "peppers.pepper_id")
          .where("revoked_at", "is", null),
      ),
    )
    .executeTakeFirst();
  const ends = [secret, pepper].flatMap((row) => row?.at ?? []);
  return {
    nextClientExpiry: client?.at ?? undefined,
    nextSecretExpiry: ends.length === 0 ? undefined : Math.min(...ends),
    webhook: await readWebhook(db),
  };
}

async function readWebhook(db: Kysely<Tables>): Promise<StoredFacts["webhook"]> {
  const row = await db.selectFrom("webhook_delivery").select(["delivered", "attempts"]).executeTakeFirst();
  if (row === undefined) return undefined;
  const newest = await db
    .selectFrom("audit_events")
    .select(({ fn }) => fn.max("number").as("number"))
    .executeTakeFirst();
  // Numbers can have gaps on PostgreSQL, which count as well
  return { waiting: Math.max(0, (newest?.number ?? 0) - row.delivered), failedAttempts: row.attempts };
}
