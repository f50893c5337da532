import type { StoredWithChange } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import {
  coveredUntil,
  endOfRevocation,
  keptAfterEnd,
  matchesToken,
  type RevocableToken,
  type Revocation,
  type RevocationKind,
  revocationKinds,
  subjectsOf,
} from "@carnet/core/revocation/revocation";
import type { RevocationQuery, RevocationStore, StoredRevocation } from "@carnet/core/revocation/revocation-store";
import type { ClientId } from "@carnet/protocol/ids";
import type { Kysely, Selectable, Transaction } from "kysely";
import { countRows } from "./count-rows.ts";
import { type EventPorts, insertEvent } from "./event-store.ts";
import { inTurn } from "./in-turn.ts";
import { insertChunks } from "./insert-chunks.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Revocations in an SQL database. */
export const createSqlRevocationStore = (db: Kysely<Tables>, ports: EventPorts): RevocationStore => ({
  find: (token, now) => find(db, token, now),
  add: (revocation, change) =>
    inTurn({ db, ...ports }, "changes", (transaction) => add(transaction, revocation, change, ports)),
  list: (query) => list(db, query, ports.dialect),
  async deleteEnded(now) {
    await db
      .deleteFrom("revocations")
      .where("ends_at", "<=", now - keptAfterEnd)
      .execute();
  },
});

async function find(db: Kysely<Tables>, token: RevocableToken, now: number): Promise<Revocation | undefined> {
  const rows = await db
    .selectFrom("revocations")
    .selectAll()
    .where("subject", "in", subjectsOf(token))
    .where("ends_at", ">", now)
    .execute();
  return rows.map(toRevocation).find((revocation) => matchesToken(revocation, token));
}

async function add(
  transaction: Transaction<Tables>,
  revocation: Revocation,
  { event, limit }: StoredWithChange & { readonly limit?: number },
  ports: EventPorts,
): Promise<"added" | "known" | "full"> {
  const { kind, subject, issuedUntil, clientId, revokedAt } = revocation;
  const known = await transaction
    .selectFrom("revocations")
    .selectAll()
    .where("subject", "=", subject)
    .where("kind", "=", kind)
    .executeTakeFirst();
  if (known !== undefined && known.ends_at > revokedAt && (known.issued_until ?? 0) >= (issuedUntil ?? 0))
    return "known";
  if (limit !== undefined && clientId !== null && kind === "token") {
    const revoked = transaction
      .selectFrom("revocations")
      .where("client_id", "=", clientId)
      .where("kind", "=", "token")
      .where("ends_at", ">", revokedAt);
    if ((await countRows(revoked)) >= limit) return "full";
  }
  await insertRevocations(transaction, [{ ...revocation, owner: null }], ports.dialect);
  await insertEvent(transaction, event, ports);
  return "added";
}

/** A revocation of a handle that the clients of an owner lost. null: of anything else. */
export interface OwnedRevocation extends Revocation {
  readonly owner: string | null;
}

/**
 * Inserts revocations as part of a transaction, each with a new number. What revokes all tokens of a client so far makes
 * its single revoked tokens superfluous.
 */
export async function insertRevocations(
  transaction: Transaction<Tables>,
  revocations: readonly OwnedRevocation[],
  dialect: SqlDialect,
): Promise<void> {
  for (const revocation of revocations) {
    const { kind, subject, clientId } = revocation;
    await transaction.deleteFrom("revocations").where("subject", "=", subject).where("kind", "=", kind).execute();
    const covered = coveredUntil(revocation);
    if (covered > 0)
      await transaction
        .deleteFrom("revocations")
        .where("client_id", "=", clientId)
        .where("kind", "=", "token")
        .where("revoked_at", "<=", covered)
        .execute();
  }
  await insertChunks(revocations.map(toRow), dialect, (rows) =>
    transaction.insertInto("revocations").values(rows).execute(),
  );
}

interface LostHandles {
  readonly before: { readonly clientId: ClientId; readonly handle: string; readonly owner: string };
  /** null: the client is deleted, and its secrets with it. */
  readonly next: Client | null;
  readonly now: number;
  /** How many the owner may have. undefined: any number. */
  readonly max: number | undefined;
}

/** Revokes handles that the next version of a client no longer has. */
export async function revokeLostHandles(
  transaction: Transaction<Tables>,
  { before, next, now, max }: LostHandles,
  dialect: SqlDialect,
): Promise<"revoked" | "too many"> {
  const { clientId, handle, owner } = before;
  const lost = { clientId, owner, issuedUntil: null, revokedAt: now, endsAt: endOfRevocation(now) } as const;
  const revocations: OwnedRevocation[] =
    next?.handle !== handle // this revokes the tokens of its secrets, too
      ? [{ ...lost, kind: "client", subject: handle }]
      : (await lostBySecrets(transaction, next)).map((subject) => ({ ...lost, kind: "secret", subject }));
  await insertRevocations(transaction, revocations, dialect);
  if (max === undefined || revocations.length === 0) return "revoked";
  const live = transaction.selectFrom("revocations").where("owner", "=", owner).where("ends_at", ">", now);
  return (await countRows(live)) > max ? "too many" : "revoked";
}

/** The handles that secrets of a client lose. A secret that is no longer listed ended long ago. */
async function lostBySecrets(
  transaction: Transaction<Tables>,
  { clientId, secrets }: Client,
): Promise<readonly string[]> {
  const stored = await transaction
    .selectFrom("client_secrets")
    .select(["secret_id", "handle"])
    .where("client_id", "=", clientId)
    .execute();
  const nextHandles = new Map(secrets.map((secret) => [secret.secretId, secret.handle]));
  const isLost = (next: string | undefined, handle: string) => next !== undefined && next !== handle;
  return stored.flatMap(({ secret_id, handle }) => (isLost(nextHandles.get(secret_id), handle) ? [handle] : []));
}

async function list(
  db: Kysely<Tables>,
  { now, owners, clientId, after, limit }: RevocationQuery,
  dialect: SqlDialect,
): Promise<readonly StoredRevocation[]> {
  const rows = await (owners === null ? db.selectFrom("revocations") : ofOwners(db, owners, dialect))
    .selectAll("revocations")
    .where("number", ">", after)
    .where("ends_at", ">", now)
    .$if(clientId !== null, (query) => query.where("revocations.client_id", "=", clientId))
    .orderBy("number")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...toRevocation(row), number: row.number }));
}

/** A cross join, because SQLite keeps its order: it reads the clients first, so the time tells nothing of other owners. */
const ofOwners = (db: Kysely<Tables>, owners: readonly string[], dialect: SqlDialect) =>
  db
    .selectFrom("clients")
    .crossJoin("revocations")
    .whereRef("revocations.client_id", "=", "clients.client_id")
    .whereRef("revocations.revoked_at", ">=", "clients.created_at") // before, the id may have been another team's
    .where("clients.role", "is", null)
    .where("clients.owner", "in", dialect.texts(JSON.stringify(owners)));

type Row = Selectable<Tables["revocations"]>;

const toRow = ({
  kind,
  subject,
  issuedUntil,
  clientId,
  owner,
  revokedAt,
  endsAt,
}: OwnedRevocation): Omit<Row, "number"> => ({
  kind,
  subject,
  issued_until: issuedUntil,
  client_id: clientId,
  owner,
  revoked_at: revokedAt,
  ends_at: endsAt,
});

function toRevocation({ kind, subject, issued_until, client_id, revoked_at, ends_at }: Row): Revocation {
  if (!isKind(kind)) throw new Error("the store holds a revocation of an unknown kind");
  return {
    kind,
    subject,
    issuedUntil: issued_until,
    clientId: client_id,
    revokedAt: revoked_at,
    endsAt: ends_at,
  };
}

const isKind = (text: string): text is RevocationKind => revocationKinds.some((kind) => kind === text);
