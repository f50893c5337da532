import { Redacted } from "@carnet/protocol/redacted";
import { createLog, type Log } from "@carnet/server/log/logger";
import type { Tables } from "@carnet/server/store/sql/schema";
import { createSqlWebhookQueue } from "@carnet/server/store/sql/webhook-store";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { createWebhook, type Webhook } from "@carnet/server/webhook/webhook";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { SeededRandom } from "@carnet/testkit/seeded-random";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
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
  readonly #connections: readonly [Kysely<Tables>, Kysely<Tables>];
  readonly #cleanup: AsyncDisposableStack;

  readonly file: string;

  private constructor(file: string, { connections, receiver, cleanup, timeout }: Parts) {
    this.file = file;
    this.#connections = connections;
    this.#cleanup = cleanup;
    this.receiver = receiver;
    const log: Log = createLog("debug", { write: (line: string) => this.logged.push(line) });
    const make = (db: Kysely<Tables>): Webhook =>
      createWebhook({
        queue: createSqlWebhookQueue(db),
        url: new Redacted(receiver.url),
        key: new Redacted(key),
        clock: this.clock,
        random: new SeededRandom(),
        log,
        timeout,
      });
    this.webhook = make(connections[0]);
    this.other = make(connections[1]);
  }

  static async open({ timeout = 10_000 } = {}): Promise<WebhookUnderTest> {
    const cleanup = new AsyncDisposableStack();
    const folder = cleanup.use(await temporaryFolder());
    const file = folder.file("carnet.db");
    const connections = [await openSqlite(file, 5000), await openSqlite(file, 5000)] as const;
    for (const db of connections) cleanup.defer(() => db.destroy());
    const receiver = cleanup.use(await WebhookReceiver.start());
    const under = new WebhookUnderTest(file, { connections, receiver, cleanup, timeout });
    await under.begin();
    return under;
  }

  get db(): Kysely<Tables> {
    return this.#connections[0];
  }

  begin(): Promise<void> {
    return createSqlWebhookQueue(this.db).begin();
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
  readonly connections: readonly [Kysely<Tables>, Kysely<Tables>];
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
