import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AuditEvent, EventKind } from "@carnet/core/audit/event";
import type { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { eventJson } from "@carnet/server/audit/event-json";
import { everyEvent } from "@carnet/testkit/every-event";
import { describeEvent } from "carnet/audit/describe-event";

const recorded = (event: AuditEvent): RecordedEvent => JSON.parse(eventJson(event, "node-1"));

const secret = "3k2m9p1r5t8w3x4h";
const byAdmin = "(admin of payments, secret 4h7k2m9p1r5t8w3x, 198.51.100.7)";

/** The whole line after the time. */
const expected: { readonly [Kind in EventKind]: string } = {
  token_issued: `demo  got a token for file:read (secret ${secret}, 198.51.100.7)`,
  token_returned: `demo  got its own valid token again (secret ${secret}, 198.51.100.7)`,
  token_refused: `demo  was refused a token: the secret was revoked (secret_revoked, secret ${secret}, 198.51.100.7, request request-1)`,
  client_created: `ops-admin  created client demo: scope "file:read" ${byAdmin}`,
  client_changed: `ops-admin  changed client demo: scope "file:read" -> "file:read file:write" ${byAdmin}`,
  client_disabled: `ops-admin  disabled client demo: status "active" -> "disabled" ${byAdmin}`,
  client_enabled: `ops-admin  tried to enable client, but there was nothing to change ${byAdmin}`,
  client_deleted: `ops-admin  deleted client demo: deleted secret ${secret} ${byAdmin}`,
  clients_imported: `ops-admin  imported 5 clients: a1, a2, a3 and 2 more; 3 were refused: 2 rule policy, 1 taken ${byAdmin}`,
  secret_added: `ops-admin  added a secret to client demo: created secret ${secret} (label "spring") ${byAdmin}`,
  secrets_rotated: `ops-admin  rotated the secrets of client demo: created secret ${secret}; changed secret 5h7k2m9p1r5t8w3x (expires_at none -> "2026-11-27T17:00:01.250Z") ${byAdmin}`,
  tokens_revoked: `ops-admin  revoked tokens of demo: token 3f1c8a52-0d4e-4a8c-9b57-6f2f6f0e1a11 ${byAdmin}`,
  secret_revoked: `ops-admin  revoked a secret of client demo: changed secret ${secret} (revoked_at none -> "2026-11-26T17:00:01.250Z") ${byAdmin}`,
  scope_put: `ops-admin  put scope file:read: description "Read" -> "Read files" ${byAdmin}`,
  scope_deleted: `ops-admin  deleted scope file:read ${byAdmin}`,
  owner_created: `ops-admin  created owner payments: contact "payments@example.com" ${byAdmin}`,
  owner_changed: `ops-admin  changed owner payments: policy.max_clients none -> 50 ${byAdmin}`,
  owner_deleted: `ops-admin  deleted owner payments ${byAdmin}`,
  admin_created: "service  created the first admin client carnet-admin",
  admin_reset: "cli  reset the admin client carnet-admin",
  key_created: "service  created signing key key-1",
  key_rotated: `ops-admin  rotated to signing key key-2: algorithm "ES256" ${byAdmin}`,
  key_imported: `ops-admin  imported signing key key-2: algorithm "RS256" ${byAdmin}`,
  key_retired: `ops-admin  retired signing key key-1: retired_at none -> "2026-11-26T17:00:01.250Z" ${byAdmin}`,
  key_revoked: `ops-admin  revoked signing key key-1: revoked_at none -> "2026-11-26T17:00:01.250Z"; created key key-2 ${byAdmin}`,
  pepper_rotated: `ops-admin  rotated the pepper to 7h7k2m9p1r5t8w3x: used_from "2026-11-26T17:01:01.250Z"; ends_at none -> "2027-02-24T17:00:01.250Z" ${byAdmin}`,
  pepper_ended:
    "service  deleted the ended pepper first; warning: 3 secrets have ended, because nobody used them in time",
  master_key_rotated: "cli  began to replace the master key by 0f1e2d3c4b5a6978",
  master_key_finished: "cli  removed the old master key 0f1e2d3c4b5a6978",
  master_key_cancelled: "cli  removed the new master key 0f1e2d3c4b5a6978",
  admin_refused: `ops-admin  was refused changeClient of demo: no client with this id is registered (not_found, rule foreign_owner, operator of search, secret 4h7k2m9p1r5t8w3x, 198.51.100.7, request request-1)`,
  service_started: "service  started carnet 0.1.0 on node-1 for https://iam.example.com",
  service_stopped: "service  stopped carnet on node-1, and cut off requests",
  credentials_file_written: "service  wrote the credentials of carnet-admin to .carnet/admin.json",
  credential_expiring: `service  warns: secret ${secret} of client demo ends at 2026-11-27T17:00:01.250Z, within 1 day`,
  refusals_burst:
    "service  warns: 500 token requests from 198.51.100.0/24 of unknown clients were refused within 60 s, most of them because of unknown_client",
  events_lost: "service  warns: the journal could not be written since 2026-11-26T16:59:01.250Z; 7 events were lost",
};

suite("an event in one line", () => {
  for (const [kind, event] of Object.entries(everyEvent)) {
    test(kind, () => {
      assert.equal(describeEvent(recorded(event)), `2026-11-26 17:00:01Z  ${expected[event.event]}`);
    });
  }

  test("has the warning of a change, and a role whose owners do not exist for the reader", () => {
    const { client_disabled: disabled } = everyEvent;
    const warning = "it violates the policy of its owner payments: scope must not have x";
    const role = { name: "admin", owners: [] } as const;
    assert.match(
      describeEvent(recorded({ ...disabled, warning, role })),
      /-> "disabled"; warning: it violates the policy of its owner payments: scope must not have x \(admin of other owners, /,
    );
  });

  test("says whether a change was a repetition or a dry run, or changed nothing", () => {
    const { client_changed: change, clients_imported: imported, secret_revoked: revoked, tokens_revoked } = everyEvent;
    assert.match(describeEvent(recorded({ ...change, outcome: "replayed" })), /; a repeated request, which got the/);
    assert.match(
      describeEvent(recorded({ ...imported, outcome: "dry_run", objects: [] })),
      /ops-admin {2}checked an import in a dry run, which changes nothing; 3 were refused: 2 rule policy, 1 taken \(/,
    );
    assert.match(
      describeEvent(recorded({ ...revoked, outcome: "unchanged" })),
      /tried to revoke a secret of client demo, but there was nothing to change: secret 3k2m9p1r5t8w3x4h \(/,
    );
    assert.match(
      describeEvent(recorded({ ...tokens_revoked, outcome: "unchanged", objects: [] })),
      /tried to revoke tokens, but there was nothing to change \(/,
    );
  });

  test("names all owners, or the first of many, and nothing if the event is older than roles", () => {
    const { client_changed: change } = everyEvent;
    const line = (owners: readonly string[] | null) =>
      describeEvent(recorded({ ...change, role: { name: "admin", owners } }));
    assert.match(line(null), / \(admin of all owners, secret /);
    assert.match(line(["a", "b", "c", "d", "e"]), / \(admin of a and b and c and 2 more, secret /);
    const old = JSON.parse(eventJson(change, "node-1"));
    delete old.role;
    for (const object of old.objects) delete object.owner;
    assert.match(describeEvent(old), /changed client demo: .* \(secret 4h7k/);
  });

  test("says that no event was lost if requests were refused", () => {
    assert.match(describeEvent(recorded({ ...everyEvent.events_lost, count: 0 })), /; no event was lost$/);
    assert.match(describeEvent(recorded({ ...everyEvent.events_lost, count: 1 })), /; 1 event was lost$/);
  });

  test("of a kind that a newer service has names the kind and what to do", () => {
    const json = eventJson(everyEvent.token_issued, "node-1").replace("token_issued", "token_exchanged");
    const newer: RecordedEvent = JSON.parse(json);
    assert.match(
      describeEvent(newer),
      /demo {2}token_exchanged \(success\); use a newer version of carnet to read it$/,
    );
  });
});
