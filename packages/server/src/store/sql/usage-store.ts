import { setImmediate as endOfTurn } from "node:timers/promises";
import {
  addUsage,
  type Counts,
  day,
  noUsage,
  startOf,
  type UnsavedUsage,
  type Usage,
  type UsagePeriod,
  type UsageStore,
} from "@carnet/core/audit/usage";
import type { Redacted } from "@carnet/protocol/redacted";
import { parseScope } from "@carnet/protocol/scope";
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { compiled } from "./compiled.ts";
import { countRows } from "./count-rows.ts";
import { inTurn, type Writer } from "./in-turn.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** How long hours are kept before they are folded into days, and how long days are kept, in milliseconds. */
const maxAge = { hours: 7 * day, days: 400 * day } as const;

/** The most rows of all clients. Beyond that, the oldest days are deleted. */
export const maxUsageRows = 1_000_000;

/** How many rows one transaction folds or deletes. Token requests wait for it. */
const perTransaction = 200;

export interface SqlUsageStore extends UsageStore {
  /** Folds old hours into days, and deletes what is too old or too much. */
  fold(now: number): Promise<void>;
}

/** Usage in an SQL database. */
export function createSqlUsageStore(
  db: Kysely<Tables>,
  { dialect, maxRows = maxUsageRows }: { readonly dialect: SqlDialect; readonly maxRows?: number },
): SqlUsageStore {
  const statements = compileStatements(db, dialect);
  const writer = { db, dialect };
  return {
    async add(usage) {
      await inTurn(writer, "usage", (transaction) => addHours(transaction, usage, statements));
      await endOfTurn(); // requests run before the next batch
    },
    async read(clientId, since) {
      const rows = await db
        .selectFrom("client_usage")
        .selectAll()
        .where("client_id", "=", clientId)
        .where("starts_at", ">=", since)
        .orderBy("starts_at")
        .execute();
      return rows.map(periodOf);
    },
    async fold(now) {
      const cutoff = startOf(day, now - maxAge.hours);
      while ((await foldSome(writer, cutoff, statements)) === perTransaction) await endOfTurn();
      while ((await deleteSome(writer, { before: now - maxAge.days })) === perTransaction) await endOfTurn();
      for (
        let excess = (await countRows(db.selectFrom("client_usage"))) - maxRows;
        excess > 0;
        excess -= perTransaction
      ) {
        await deleteSome(writer, { limit: Math.min(excess, perTransaction) });
        await endOfTurn();
      }
    },
  };
}

type Statements = ReturnType<typeof compileStatements>;

const compileStatements = (db: Kysely<Tables>, dialect: SqlDialect) => ({
  find: compiled(
    db
      .selectFrom("client_usage")
      .selectAll()
      .where("client_id", "=", "")
      .where("period", "=", "")
      .where("starts_at", "=", 0),
  ),
  put: compiled(
    db
      .insertInto("client_usage")
      .values({ client_id: "", period: "", starts_at: 0, issued: 0, counts: "" })
      .onConflict((conflict) =>
        conflict
          .columns(["client_id", "period", "starts_at"])
          .doUpdateSet(({ ref }) => ({ issued: ref("excluded.issued"), counts: ref("excluded.counts") })),
      ),
  ),
  /** Those names that the catalogue or a client has. A popular name has a row for each client, so only one is looked for. */
  knownScopes: compiled(
    db
      .selectFrom(sql<{ value: string }>`${dialect.texts("[]")}`.as("asked"))
      .select("asked.value as name")
      .where(({ or, exists, selectFrom }) =>
        or([
          exists(selectFrom("scopes").select("name").whereRef("name", "=", "asked.value")),
          exists(selectFrom("client_scopes").select("name").whereRef("name", "=", "asked.value")),
        ]),
      ),
  ),
});

async function addHours(
  transaction: Transaction<Tables>,
  usage: readonly UnsavedUsage[],
  statements: Statements,
): Promise<void> {
  const names = JSON.stringify([...new Set(usage.flatMap(({ asked }) => namesIn(asked)))]);
  const known = new Set((await statements.knownScopes(transaction, [names])).map(({ name }) => name));
  for (const { clientId, startsAt, asked, ...counts } of usage) {
    const { scopes, unknown } = countScopes(asked, known);
    const added = { ...counts, scopes, unknownScopes: counts.unknownScopes + unknown };
    await addTo(transaction, { clientId, period: "hour", startsAt, added }, statements);
  }
}

async function addTo(
  transaction: Transaction<Tables>,
  row: { readonly clientId: string; readonly period: string; readonly startsAt: number; readonly added: Usage },
  { find, put }: Statements,
): Promise<void> {
  const key = [row.clientId, row.period, row.startsAt];
  const [stored] = await find(transaction, key);
  const sum = addUsage(stored === undefined ? noUsage : periodOf(stored), row.added);
  await put(transaction, [...key, sum.issued, countsOf(sum)]);
}

const namesIn = (asked: Redacted<Counts>): readonly string[] => [...asked.reveal().keys()].flatMap(parseNames);

function parseNames(text: string): readonly string[] {
  const names = parseScope(text);
  return names.ok ? names.value : [];
}

/** Only known names are stored, because people paste secrets anywhere. */
function countScopes(asked: Redacted<Counts>, known: ReadonlySet<string>) {
  const scopes = new Map<string, number>();
  let unknown = 0;
  for (const [text, count] of asked.reveal()) {
    const names = parseNames(text);
    for (const name of names) if (known.has(name)) scopes.set(name, (scopes.get(name) ?? 0) + count);
    if (names.length === 0 || names.some((name) => !known.has(name))) unknown += count;
  }
  return { scopes, unknown };
}

/** Folds the oldest hours before an instant into days. Returns how many. */
const foldSome = (writer: Writer, before: number, statements: Statements): Promise<number> =>
  inTurn(writer, "usage", async (transaction) => {
    const rows = await transaction
      .selectFrom("client_usage")
      .selectAll()
      .where("period", "=", "hour")
      .where("starts_at", "<", before)
      .orderBy("starts_at")
      .limit(perTransaction)
      .execute();
    for (const row of rows) {
      const { client_id: clientId, starts_at: startsAt } = row;
      const added = periodOf(row);
      await addTo(transaction, { clientId, period: "day", startsAt: startOf(day, startsAt), added }, statements);
      await transaction
        .deleteFrom("client_usage")
        .where("client_id", "=", clientId)
        .where("period", "=", "hour")
        .where("starts_at", "=", startsAt)
        .execute();
    }
    return rows.length;
  });

/** Deletes the oldest rows, days first. Returns how many. */
const deleteSome = (
  writer: Writer,
  { before, limit = perTransaction }: { readonly before?: number; readonly limit?: number },
): Promise<number> =>
  inTurn(writer, "usage", async (transaction) => {
    const rows = await transaction
      .selectFrom("client_usage")
      .select(["client_id", "period", "starts_at"])
      .$if(before !== undefined, (query) => query.where("period", "=", "day").where("starts_at", "<", before ?? 0))
      .orderBy("period")
      .orderBy("starts_at")
      .limit(limit)
      .execute();
    for (const row of rows)
      await transaction
        .deleteFrom("client_usage")
        .where("client_id", "=", row.client_id)
        .where("period", "=", row.period)
        .where("starts_at", "=", row.starts_at)
        .execute();
    return rows.length;
  });

/** The counts of a row, except `issued`. Zeros and empty members are left out. */
function countsOf(usage: Usage): string {
  const { returned, introspected, revoked, refused, scopes, withoutScope, unknownScopes, addresses, lastIssuedAt } =
    usage;
  const objects = Object.entries({ refused, scopes, addresses }).filter(([, counts]) => counts.size > 0);
  return JSON.stringify({
    ...Object.fromEntries(objects.map(([name, counts]) => [name, Object.fromEntries(counts)])),
    returned: returned || undefined,
    introspected: introspected || undefined,
    revoked: revoked || undefined,
    without_scope: withoutScope || undefined,
    unknown_scopes: unknownScopes || undefined,
    last_issued_at: lastIssuedAt ?? undefined,
  });
}

interface StoredCounts {
  readonly returned?: number;
  readonly introspected?: number;
  readonly revoked?: number;
  readonly refused?: Readonly<Record<string, number>>;
  readonly scopes?: Readonly<Record<string, number>>;
  readonly without_scope?: number;
  readonly unknown_scopes?: number;
  readonly addresses?: Readonly<Record<string, number>>;
  readonly last_issued_at?: number;
}

function periodOf(row: Selectable<Tables["client_usage"]>): UsagePeriod {
  const counts = JSON.parse(row.counts) as StoredCounts;
  return {
    period: row.period === "day" ? "day" : "hour",
    startsAt: row.starts_at,
    issued: row.issued,
    returned: counts.returned ?? 0,
    introspected: counts.introspected ?? 0,
    revoked: counts.revoked ?? 0,
    refused: new Map(Object.entries(counts.refused ?? {})),
    scopes: new Map(Object.entries(counts.scopes ?? {})),
    withoutScope: counts.without_scope ?? 0,
    unknownScopes: counts.unknown_scopes ?? 0,
    addresses: new Map(Object.entries(counts.addresses ?? {})),
    lastIssuedAt: counts.last_issued_at ?? null,
  };
}
