import { Redacted } from "@carnet/protocol/redacted";
import { createLog, type Log } from "@carnet/server/log/logger";
import type { Tables } from "@carnet/server/store/sql/schema";
import { createSqlWebhookQueue } from "@carnet/server/store/sql/webhook-store";
import { createWebhook, type Webhook } from "@carnet/server/webhook/webhook";
import type { WebhookQueue } from "@carnet/server/webhook/webhook-queue";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import type { TestDatabase } from "@carnet/testkit/test-database";
import { WebhookReceiver } from "@carnet/testkit/webhook-receiver";
import type { Kysely } from "kysely";

export const start = "2026-11-26T12:00:00Z";
export const key = Buffer.from("the key of the webhooks in tests");
export const keyText = `whsec_${key.toString("base64")}`;

/** A store, a receiver, and webhooks that share both, as those of several processes do. */
export class WebhookUnderTest implements AsyncDisposable {
  readonly clock = new FixedClock(start);
  readonly logged: string[] = [];
  readonly receiver: WebhookReceiver;
  readonly webhook: Webhook;
  readonly other: Webhook;
  readonly #database: TestDatabase;
  readonly #cleanup: AsyncDisposableStack;

  private constructor({ database, receiver, cleanup, timeout }: Parts) {
    this.#database = database;
    this.#cleanup = cleanup;
    this.receiver = receiver;
    const log: Log = createLog("debug", { write: (line: string) => this.logged.push(line) });
    const make = (db: Kysely<Tables>): Webhook =>
      createWebhook({
        queue: createSqlWebhookQueue(db, database.dialect),
        url: new Redacted(receiver.url),
        key: new Redacted(key),
        clock: this.clock,
        random: new SeededRandom(),
        log,
        timeout,
      });
    this.webhook = make(database.db);
    this.other = make(database.other);
  }

  static async open(open: () => Promise<TestDatabase>, { timeout = 10_000 } = {}): Promise<WebhookUnderTest> {
    const cleanup = new AsyncDisposableStack();
    const database = cleanup.use(await open());
    const receiver = cleanup.use(await WebhookReceiver.start());
    const under = new WebhookUnderTest({ database, receiver, cleanup, timeout });
    await under.begin();
    return under;
  }

  get db(): Kysely<Tables> {
    return this.#database.db;
  }

  /** As in CARNET_STORE. */
  get url(): string {
    return this.#database.url;
  }

  get queue(): WebhookQueue {
    return createSqlWebhookQueue(this.db, this.#database.dialect);
  }

  begin(): Promise<void> {
    return this.queue.begin();
  }

  /** Stores events that differ in their ids only. */
  async add(ids: readonly string[], members: object = {}): Promise<void> {
    const at = this.clock.now();
    const rows = ids.map((id) => ({ ...{ id, at, event: "scope_put", request_id: null, actor: "cli" }, json: "" }));
    for (const row of rows) row.json = eventOf(row.id, at, members);
    for (let n = 0; n < rows.length; n += 1000)
      await this.db
        .insertInto("audit_events")
        .values(rows.slice(n, n + 1000))
        .execute();
  }

  /** The log lines of an event. */
  lines(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.logged.map((line) => JSON.parse(line)).filter((line) => line.event === event);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanup.disposeAsync();
  }
}

interface Parts {
  readonly database: TestDatabase;
  readonly receiver: WebhookReceiver;
  readonly cleanup: AsyncDisposableStack;
  readonly timeout: number;
}

/** The JSON of an event. */
export const eventOf = (id: string, at: number, members: object = {}): string =>
  JSON.stringify({
    time: new Date(at).toISOString(),
    id,
    event: "scope_put",
    outcome: "success",
    node: "test",
    request_id: null,
    actor: { type: "cli" },
    address: null,
    objects: [{ type: "scope", id: "file:read", action: "created", changes: {} }],
    warning: null,
    ...members,
  });

export const numbered = (count: number, from = 1): readonly string[] =>
  Array.from({ length: count }, (_, n) => `e${n + from}`);
