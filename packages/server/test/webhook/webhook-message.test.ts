import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AuditEvent, ChangedObject } from "@carnet/core/audit/event";
import { eventJson } from "@carnet/server/audit/event-json";
import { eventLine } from "@carnet/server/webhook/event-line";
import { fillBatch, type QueuedEvent, webhookBody } from "@carnet/server/webhook/webhook-message";
import { clientIdOf, secretOf } from "@carnet/testkit/sample-clients";
import { eventOf } from "./webhook-under-test.ts";

const at = Date.UTC(2026, 10, 26, 12);
const facts = { id: "e1", at, requestId: null, address: null } as const;
const clientId = clientIdOf("demo");
const { secretId } = secretOf("s");
const admin = { type: "client", clientId: clientIdOf("ops-admin"), secretId: null, jti: null } as const;

async function* queueOf(events: readonly string[]): AsyncIterable<QueuedEvent> {
  for (const [n, json] of events.entries()) yield { number: n + 1, at, json };
}

/** The batches of one request after the other. */
async function batchesOf(events: readonly string[]) {
  const batches = [];
  for (let last = 0; last < events.length; ) {
    const batch = await fillBatch(queueOf(events.slice(last)), 100);
    assert.ok(batch);
    last += batch.last;
    batches.push(batch.events);
  }
  return batches;
}

const created = (id: string): ChangedObject => ({
  ...{ type: "client", id, clientId: null, owner: null, action: "created" },
  changes: { labels: { before: null, after: { note: "x".repeat(3000) } } },
});

suite("The body of a webhook", () => {
  test("has at most 256 KiB, and no event is lost or cut for it", async () => {
    const events = Array.from({ length: 40 }, (_, n) => eventOf(`e${n}`, at, { warning: `<${"ä".repeat(10_000)}>` }));
    const batches = await batchesOf(events);
    assert.deepEqual(batches.flat(), events);
    assert.ok(batches.length >= 5 && batches.length <= 6);
    for (const batch of batches) assert.ok(Buffer.byteLength(webhookBody(batch, 1)) <= 256 * 1024);
  });

  test("has at most 256 KiB even if each character of each name must be escaped", async () => {
    const names = Array.from({ length: 3 }, (_, n) => `${n}${"&".repeat(200)}`);
    const objects = names.map((id) => ({ type: "secret", id, client_id: id, action: "created", changes: {} }));
    const events = Array.from({ length: 100 }, (_, n) => eventOf(`e${n}`, at, { objects }));
    for (const batch of await batchesOf(events)) {
      assert.ok(Buffer.byteLength(webhookBody(batch, 1)) <= 256 * 1024);
    }
  });

  test("has the number of the objects of an event that is too large, such as of an import", async () => {
    const objects = Array.from({ length: 300 }, (_, n) => created(`c${n}`));
    const event: AuditEvent = {
      ...facts,
      actor: admin,
      event: "clients_imported",
      role: null,
      outcome: "done",
      objects,
      warning: null,
    };
    const json = eventJson(event, "test");
    assert.ok(json.length > 800_000);
    const [batch = []] = await batchesOf([json, eventOf("e2", at)]);
    const { objects: _, ...rest } = JSON.parse(json);
    assert.deepEqual(JSON.parse(webhookBody(batch, 0)).events, [
      { ...rest, objects_count: 300 },
      JSON.parse(eventOf("e2", at)),
    ]);
    assert.match(webhookBody(batch, 0), /clients_imported by client `ops-admin`: 300 objects/);
  });

  test("has a text of at most 20 events, which begins with what was skipped", () => {
    const events = Array.from({ length: 25 }, (_, n) => eventOf(`e${n}`, at));
    const lines = JSON.parse(webhookBody(events, 3)).text.split("\n");
    assert.equal(lines.length, 22);
    assert.equal(lines[0], "3 earlier events could not be delivered and were skipped");
    assert.equal(lines.at(-1), "and 5 more events");
  });
});

suite("A line of text", () => {
  const line = (event: AuditEvent): string => eventLine(JSON.parse(eventJson(event, "test")));
  const time = "2026-11-26T12:00:00.000Z";

  test("says who changed which fields of what", () => {
    const changes = { scope: { before: "a", after: "a b" }, labels: { before: {}, after: { team: "x" } } };
    const object: ChangedObject = {
      type: "client",
      id: clientId,
      clientId: null,
      owner: null,
      action: "changed",
      changes,
    };
    const event = {
      ...facts,
      actor: admin,
      event: "client_changed",
      role: null,
      outcome: "done",
      warning: null,
    } as const;
    assert.equal(
      line({ ...event, objects: [object] }),
      `${time} client_changed by client \`ops-admin\`: client \`demo\` changed (scope, labels)`,
    );
    const secret: ChangedObject = { ...object, type: "secret", id: secretId, clientId, action: "created" };
    assert.equal(
      line({ ...event, event: "secret_added", objects: [secret] }),
      `${time} secret_added by client \`ops-admin\`: secret \`${secretId}\` of client \`demo\` created`,
    );
    assert.equal(
      line({ ...event, outcome: "unchanged", objects: [] }),
      `${time} client_changed (unchanged) by client \`ops-admin\`: nothing changed`,
    );
    const same = { ...object, changes: {} };
    const role = { name: "admin", owners: ["payments", "search"] } as const;
    assert.match(
      line({ ...event, role, objects: [object] }),
      /by client `ops-admin`, admin of `payments` and `search`: client/,
    );
    assert.match(
      line({ ...event, role: { ...role, owners: null }, objects: [object] }),
      /, admin of all owners: client/,
    );
    const lots = { ...role, owners: ["a", "b", "c", "d", "e"] };
    assert.match(
      line({ ...event, role: lots, objects: [object] }),
      /, admin of `a` and `b` and `c` and 2 more: client/,
    );
    assert.match(line({ ...event, outcome: "unchanged", objects: [same] }), /: client `demo` not changed$/);
    const many = Array.from({ length: 5 }, (_, n) => created(`c${n}`));
    assert.match(line({ ...event, actor: { type: "cli" }, objects: many }), /by cli: client `c0`.*, and 2 more$/);
  });

  test("says what ends, what is refused often and where credentials were written", () => {
    const service = { ...facts, actor: { type: "service" } } as const;
    const ending = { ...service, event: "credential_expiring", clientId, endsAt: at, withinDays: 7 } as const;
    assert.equal(
      line({ ...ending, secretId: null }),
      `${time} credential_expiring client \`demo\` ends at ${time}, within 7 days`,
    );
    assert.match(line({ ...ending, secretId }), new RegExp(`secret \`${secretId}\` of client \`demo\` ends`));
    const burst = { ...service, event: "refusals_burst", count: 120, within: 60, reason: "secret_expired" } as const;
    assert.equal(
      line({ ...burst, clientId, addressBlock: null }),
      `${time} refusals_burst 120 refusals of client \`demo\` within 60 seconds, most often \`secret_expired\``,
    );
    assert.match(line({ ...burst, clientId: null, addressBlock: "192.0.2.0/24" }), /unknown clients from 192\.0\.2\.0/);
    assert.match(
      line({ ...service, event: "credentials_file_written", clientId, file: "/data/admin.json" }),
      /by service: the credentials of client `demo` in `\/data\/admin\.json`$/,
    );
  });

  test("cannot mention people, contain links or span lines through a name", () => {
    const id = `<!channel> \`@all\` & [x](https://evil.test)\n${"y".repeat(200)}`;
    const object: ChangedObject = { type: "scope", id, clientId: null, owner: null, action: "created", changes: {} };
    const event = { ...facts, actor: admin, event: "scope_put", role: null, outcome: "done", warning: null } as const;
    assert.equal(
      line({ ...event, objects: [object] }),
      `${time} scope_put by client \`ops-admin\`: scope \`&lt;!channel&gt; '@all' &amp; [x](https://evil.test)'${"y".repeat(37)}…\` created`,
    );
  });
});
