import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from "kysely";
import { retryWhileBusy } from "../store-busy.ts";

/** The connection, with what Kysely does not know about. */
interface SqliteConnection {
  readonly database: SqliteDatabase;
  /** How long a transaction waits for the write lock of another process, in milliseconds. */
  readonly timeout: number;
  inTransaction(): boolean;
}

/**
 * Kysely on the one connection that SQLite has. A compiled query that only reads, such as the look-up of a client, runs
 * at once: Kysely's own path to the connection takes as long as the query itself.
 */
export class SqliteKysely<Tables> extends Kysely<Tables> {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    super({ dialect: dialectOf(connection) });
    this.#connection = connection;
  }

  override async executeQuery<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    // During a transaction the connection would show uncommitted rows, so wait for its end
    if (query.query.kind !== "SelectQueryNode" || this.#connection.inTransaction()) return super.executeQuery(query);
    return { rows: this.#connection.database.prepare(query.sql).all(query.parameters) as Row[] };
  }
}

const dialectOf = (connection: SqliteConnection): SqliteDialect =>
  Object.assign(new SqliteDialect(connection), {
    createDriver: () => new WaitingDriver(connection),
    createAdapter: () => new TransactionalAdapter(),
  });

/** SQLite can roll back a change of the schema, so each migration is a transaction. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** There is one, but Kysely would not let a waiting transaction leave it to others: the driver below does. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/**
 * A transaction waits for the write lock of another process, and meanwhile leaves the connection to readers. A single
 * statement does not wait.
 */
class WaitingDriver extends SqliteDriver {
  readonly #timeout: number;
  /** Ends when the last one in the queue gives the connection back. */
  #lastTurn: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => {};

  constructor({ database, timeout }: SqliteConnection) {
    super({ database });
    this.#timeout = timeout;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const earlier = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurn = promise;
    await earlier;
    this.#endTurn = resolve;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  override beginTransaction(connection: DatabaseConnection): Promise<void> {
    const begin = () => super.beginTransaction(connection);
    return retryWhileBusy(begin, this.#timeout, async (wait) => {
      await this.releaseConnection();
      await wait();
      await this.acquireConnection();
    });
  }
}
