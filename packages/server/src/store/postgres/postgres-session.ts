import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from "kysely";
import type pg from "pg";
import { hasCode } from "../../fault.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { postgresFault } from "./postgres-fault.ts";

/** How long things may take, in milliseconds. */
export interface Limits {
  /** Waiting for another process's lock. */
  readonly lock: number;
  /** One statement of a transaction, on the server. 0: any time. */
  readonly statement: number;
  /** One statement, seen from here. 0: any time. */
  readonly answer: number;
}

/** A node that freezes within a transaction loses its locks after this, in milliseconds. */
const idleInTransaction = 5000;

interface SessionOptions {
  readonly limits: Limits;
  /** The database in messages. */
  readonly name: string;
  /** Called when the server no longer answers, so that other connections are probably dead, too. */
  lost(): void;
}

/** Kysely's view of one connection. Replaces errors that an operator can fix, and gives up on what takes too long. */
export class PostgresSession implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #options: SessionOptions;
  readonly #begin: string;
  /** A transaction that has not begun on the server yet: `begin` is sent together with its first statement. */
  #isBeginning = false;
  #broken: StoreUnavailable | undefined;
  /** What aborted the transaction. The server says of later statements only that it is aborted. */
  #cause: unknown;

  constructor(client: pg.PoolClient, options: SessionOptions) {
    this.#client = client;
    this.#options = options;
    const { lock, statement } = options.limits;
    // `set local` holds behind PgBouncer, too. The isolation level does not depend on the server's default
    this.#begin = `begin isolation level read committed; set local lock_timeout = ${lock}; set local statement_timeout = ${statement}; set local idle_in_transaction_session_timeout = ${idleInTransaction}`;
  }

  query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  query(sql: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== "string") throw new TypeError("cursors are not supported");
    return this.#query(sql, parameters);
  }

  release(): void {
    this.#client.release(this.#broken !== undefined);
  }

  async #query(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    if (sql === "begin") {
      this.#isBeginning = true;
      return nothing;
    }
    if (sql === "rollback" && (this.#broken !== undefined || this.#isBeginning)) return nothing;
    if (this.#broken !== undefined) throw new StoreUnavailable(this.#broken.message, { cause: this.#broken });
    // PostgreSQL stores no NUL, so no text with one is found
    if (sql.startsWith("select") && parameters.some(hasNul)) return nothing;
    const isFirst = this.#isBeginning;
    this.#isBeginning = false;
    if (!isFirst) return this.#send(sql, parameters);
    if (parameters.length === 0) return this.#send(`${this.#begin}; ${sql}`, parameters);
    await this.#send(this.#begin, []);
    return this.#send(sql, parameters);
  }

  async #send(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    try {
      const query = { text, values: [...values], query_timeout: this.#options.limits.answer };
      const results: unknown = await this.#client.query(query);
      return lastOf(results);
    } catch (error) {
      const fault = postgresFault(error, this.#options.name);
      if (fault instanceof StoreUnavailable) {
        this.#broken = fault;
        this.#options.lost();
      }
      const isAborted = hasCode(error, "25P02");
      if (!isAborted) this.#cause = fault ?? error;
      throw this.#cause;
    }
  }
}

const nothing = { command: "SELECT", rowCount: 0, rows: [] } as const satisfies PostgresQueryResult<never>;

const hasNul = (value: unknown): boolean =>
  typeof value === "string" && (value.includes("\0") || value.includes("\\u0000"));

/** Several statements in one text have several results. */
const lastOf = (results: unknown): PostgresQueryResult<unknown> =>
  (Array.isArray(results) ? results.at(-1) : results) as PostgresQueryResult<unknown>;
