import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { OperatorFault } from "../../fault.ts";
import { inTurn } from "./in-turn.ts";
import { type SchemaStep, schemaSteps } from "./migrations.ts";
import type { Tables } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** A database whose schema is checked or changed. */
export interface SchemaTarget {
  readonly db: Kysely<Tables>;
  readonly dialect: SqlDialect;
  /** Its name in messages. */
  readonly name: string;
  readonly steps?: Readonly<Record<string, SchemaStep>>;
}

/** What a database has, and what this version would do to it. */
export interface SchemaState {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/**
 * Applies the steps that are missing, in one transaction and one process at a time. Changes nothing if a newer version has
 * migrated the database and says that this one still works on it. Throws an OperatorFault if it does not.
 */
export const migrate = (target: SchemaTarget): Promise<SchemaState> =>
  inTurn(target, "schema", async (transaction) => {
    const steps = stepsOf(target);
    const state = await schemaState({ ...target, db: transaction });
    if (state.pending.length === 0) return state;
    const provider = { getMigrations: async () => withCompatibility(steps) };
    const { error } = await new Migrator({ db: transaction, provider }).migrateToLatest();
    if (error !== undefined) throw error;
    return state;
  });

/** Reads the state of the schema and changes nothing. Throws an OperatorFault if a newer version excludes this one. */
export async function schemaState(target: SchemaTarget): Promise<SchemaState> {
  const known = Object.keys(stepsOf(target));
  const applied = await appliedSteps(target.db);
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length === 0) return { applied, pending: known.filter((name) => !applied.includes(name)) };
  if (!(await isCompatible(target.db, applied, known.at(-1) ?? ""))) throw tooNew(target.name, newer.at(-1) ?? "");
  return { applied, pending: [] };
}

const stepsOf = ({ steps, dialect }: SchemaTarget): Readonly<Record<string, SchemaStep>> =>
  steps ?? schemaSteps(dialect.columns);

/** Kysely's table of the steps that were applied, in the order of their names. */
async function appliedSteps(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === "kysely_migration")) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name).sort();
}

/** Whether the newest step still works with a service whose newest step is this one. */
async function isCompatible(db: Kysely<Tables>, applied: readonly string[], newestKnown: string): Promise<boolean> {
  if (!applied.includes(firstRule) || !applied.includes(newestKnown)) return false;
  const { rows } = await sql<{ works_with: string }>`select works_with from schema_compatibility`.execute(db);
  const [rule] = rows;
  return rule !== undefined && newestKnown >= rule.works_with; // names begin with a number of four digits
}

/** The step that made the table of the rule. */
const firstRule = "0009-compatibility";

const tooNew = (name: string, step: string): OperatorFault =>
  new OperatorFault(
    `The database ${name} was made by a newer version of Carnet: start that version, or set CARNET_STORE to another database. It was not changed. Its schema has the step ${step}, which excludes this version.`,
  );

/** Lets each step from the rule on state which older versions still work. */
function withCompatibility(steps: Readonly<Record<string, SchemaStep>>): Record<string, Migration> {
  const names = Object.keys(steps).sort();
  const ruled = Object.entries(steps).map(([name, step]): [string, Migration] => {
    if (name <= firstRule) return [name, step];
    const worksWith = step.worksWith ?? names[names.indexOf(name) - 1];
    const up = async (db: Kysely<unknown>): Promise<void> => {
      await step.up(db);
      await sql`update schema_compatibility set works_with = ${worksWith}`.execute(db);
    };
    return [name, { up }];
  });
  return Object.fromEntries(ruled);
}
