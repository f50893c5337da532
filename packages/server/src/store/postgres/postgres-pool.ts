import { randomInt } from "node:crypto";
import type { PostgresPool as KyselyPool, PostgresPoolClient } from "kysely";
import pg from "pg";
import type { OperatorFault } from "../../fault.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { connectionSettings, PostgresClient } from "./connection-settings.ts";
import { nameOf, type PostgresAddress } from "./postgres-address.ts";
import { isTooManyConnections, noTls, postgresFault } from "./postgres-fault.ts";
import { type Limits, PostgresSession } from "./postgres-session.ts";

export interface PoolOptions {
  readonly limits: Limits;
  /** The most connections at a time. */
  readonly connections: number;
  readonly passwordFile: string | undefined;
}

/** How many callers may wait for each connection. Beyond that they are refused at once. */
const waitingPerConnection = 10;

/** The shortest and the longest pause between two attempts to connect, in milliseconds. */
const pauses = { first: 100, longest: 5000 } as const;

/**
 * Run once on each connection, so that the server notices within seconds that a node is gone. Its locks are then freed.
 */
const keepAlive =
  "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; set tcp_user_timeout = 15000";

/**
 * A bounded pool of connections that never waits for long. While the database is away, one caller at a time tries to
 * connect, with growing pauses, and all others are refused at once.
 */
export class PostgresPool implements KyselyPool {
  readonly #address: PostgresAddress;
  readonly #options: PoolOptions;
  readonly #pool: pg.Pool;
  /** Connections of an earlier generation are closed instead of used again. */
  #generation = 0;
  readonly #generationOf = new WeakMap<pg.PoolClient, number>();
  /** Why the database is away. undefined: it is there. */
  #away: string | undefined;
  #isPausing = false;
  #pauseTimer: NodeJS.Timeout | undefined;
  /** A connection has succeeded before. */
  #wasThere = false;
  #pause: number = pauses.first;

  constructor(address: PostgresAddress, options: PoolOptions) {
    this.#address = address;
    this.#options = options;
    this.#pool = new pg.Pool({
      ...connectionSettings(address, options.passwordFile),
      Client: PostgresClient,
      max: options.connections,
      idleTimeoutMillis: 60_000,
      allowExitOnIdle: true,
      onConnect: (client) => this.#greet(client),
    });
    this.#pool.on("error", () => {}); // an idle connection was cut, and the pool has dropped it
    // Without a listener, a connection that is cut between two queries of a transaction would end the process
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  get options(): object {
    return {};
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#away !== undefined && this.#isPausing) throw new StoreUnavailable(this.#away);
    if (this.#pool.waitingCount >= this.#options.connections * waitingPerConnection) throw this.#tooMany();
    this.#isPausing = this.#away !== undefined; // the others are refused during this attempt
    try {
      const client = await this.#checkOut();
      this.#away = undefined;
      this.#isPausing = false;
      this.#wasThere = true;
      this.#pause = pauses.first;
      return new PostgresSession(client, {
        limits: this.#options.limits,
        name: nameOf(this.#address),
        lost: () => this.#generation++,
      });
    } catch (error) {
      this.#isPausing = this.#pauseTimer !== undefined;
      if (error instanceof Error && error.message === "timeout exceeded when trying to connect") throw this.#tooMany();
      const fault = this.#connectFault(error);
      // A server that only has no further connection for us still answers on those that we have
      const isOnlyFull = isTooManyConnections(error) && this.#pool.totalCount > 0;
      if (fault instanceof StoreUnavailable && !isOnlyFull) this.#pauseAfter(fault);
      throw fault ?? error;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #checkOut(): Promise<pg.PoolClient> {
    for (;;) {
      try {
        const client = await this.#pool.connect();
        const generation = this.#generationOf.get(client) ?? this.#generation;
        this.#generationOf.set(client, generation);
        if (generation === this.#generation) return client;
        client.release(true);
      } catch (error) {
        // libpq's sslmode=prefer: without TLS if the server has none
        if (this.#address.sslMode !== "prefer" || !noTls(error)) throw error;
        this.#pool.options.ssl = false;
      }
    }
  }

  async #greet(client: pg.ClientBase): Promise<void> {
    const limited = { query_timeout: this.#address.connectTimeout };
    await client.query({ ...limited, text: keepAlive });
    const { rows } = await client.query<{ transaction_read_only: string }>({
      ...limited,
      text: "show transaction_read_only",
    });
    // A standby would refuse each write
    if (rows[0]?.transaction_read_only === "on")
      throw Object.assign(new Error("the server is read-only"), { code: "25006" });
  }

  /** After the first success, a refused login or a new certificate is an outage as well: it does not stop the service. */
  #connectFault(error: unknown): OperatorFault | undefined {
    const fault = postgresFault(error, nameOf(this.#address));
    if (!this.#wasThere || fault === undefined || fault instanceof StoreUnavailable) return fault;
    return new StoreUnavailable(fault.message, { cause: fault });
  }

  #pauseAfter({ message }: StoreUnavailable): void {
    this.#away = message;
    if (this.#pauseTimer !== undefined) return;
    this.#isPausing = true;
    this.#pauseTimer = setTimeout(
      () => {
        this.#isPausing = false;
        this.#pauseTimer = undefined;
      },
      this.#pause / 2 + randomInt(Math.ceil(this.#pause / 2)),
    ).unref();
    this.#pause = Math.min(this.#pause * 2, pauses.longest);
  }

  #tooMany(): StoreUnavailable {
    return new StoreUnavailable(
      `All ${this.#options.connections} connections to ${nameOf(this.#address)} are in use: raise CARNET_STORE_CONNECTIONS, or find out why the database is slow.`,
    );
  }
}
