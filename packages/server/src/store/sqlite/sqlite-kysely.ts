import { type CompiledQuery, Kysely, type QueryResult, type SqliteDatabase, type SqliteDialect } from "kysely";

/**
 * Kysely on the one connection that SQLite has. What is compiled already and only reads, such as the look-up of a
 * client, is run at once: Kysely's own way to the connection takes as long as the reading itself.
 */
export class SqliteKysely<Tables> extends Kysely<Tables> {
  readonly #database: SqliteDatabase;
  readonly #inTransaction: () => boolean;

  constructor(connection: {
    readonly dialect: SqliteDialect;
    readonly database: SqliteDatabase;
    readonly inTransaction: () => boolean;
  }) {
    super({ dialect: connection.dialect });
    this.#database = connection.database;
    this.#inTransaction = connection.inTransaction;
  }

  override async executeQuery<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>> {
    // In the middle of a transaction the connection would show what is not yet there: that one is waited for
    if (query.query.kind !== "SelectQueryNode" || this.#inTransaction()) return super.executeQuery(query);
    return { rows: this.#database.prepare(query.sql).all(query.parameters) as Row[] };
  }
}
