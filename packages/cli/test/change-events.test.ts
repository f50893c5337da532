import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { allClients } from "@carnet/testkit/all-clients";
import { eventQuery } from "@carnet/testkit/sample-events";
import { buildProgram } from "carnet/program";
import type { Command } from "commander";
import { type AdminService, startAdminService } from "./support/admin-service.ts";

const newKey = `echo ${Buffer.alloc(32, 7).toString("base64")}`;

/** Commands that change nothing in the store of a running service. */
const others = new Set([
  ...["dev", "serve", "migrate", "master-key status", "token", "token revocations", "completion", "complete", "export"],
  ...["client list", "client show", "client usage", "secret list", "scope list", "explain", "whoami"],
  ...["admin list", "owner list", "owner show", "key list", "key export-public", "pepper status"],
  ...["audit tail", "audit search", "audit export", "audit verify", "audit unknown-callers"],
]);

type Actor = "carnet-admin" | "cli";

/** Commands that change something, in an order in which each finds what it needs, and the kinds of their events. */
const changes: readonly (readonly [args: readonly string[], kinds: readonly string[], actor?: Actor])[] = [
  [["client", "create", "--client-id", "app", "--scope", "file:read"], ["client_created"]],
  [["client", "change", "app", "--name", "App"], ["client_changed"]],
  [["client", "disable", "app", "--yes"], ["client_disabled"]],
  [["client", "enable", "app"], ["client_enabled"]],
  [["secret", "add", "app"], ["secret_added"]],
  [["secret", "rotate", "app"], ["secrets_rotated"]],
  [["token", "revoke", "--client", "app"], ["tokens_revoked"]],
  [["secret", "revoke", "app", "SECRET", "--yes"], ["secret_revoked"]],
  [["owner", "create", "me"], ["owner_created"]],
  [["client", "transfer", "app", "--to", "me", "--yes"], ["client_changed"]],
  [["client", "delete", "app", "--yes"], ["client_deleted"]],
  [["admin", "create", "auditor", "--role", "auditor"], ["client_created"]],
  [["admin", "change", "auditor", "--owner", "me", "--yes"], ["client_changed"]],
  [["secret", "import", "-f", "import.jsonl"], ["clients_imported"]],
  [["scope", "put", "x:y", "Anything"], ["scope_put"]],
  [["scope", "delete", "x:y", "--yes"], ["scope_deleted"]],
  [
    ["apply", "-f", "two.yaml"],
    ["client_created", "client_created"],
  ],
  [
    ["apply", "-f", "one.yaml", "--yes"],
    ["client_changed", "client_changed"],
  ],
  [["apply", "-f", "one.yaml", "--yes"], []],
  [["owner", "create", "unused"], ["owner_created"]],
  [["owner", "change", "unused", "--max-clients", "1"], ["owner_changed"]],
  [["owner", "delete", "unused", "--yes"], ["owner_deleted"]],
  [["key", "rotate"], ["key_rotated"]],
  [["key", "retire", "KEY"], ["key_retired"]],
  [["key", "import", "-f", "key.pem"], ["key_imported"]],
  [["key", "revoke", "KEY", "--yes"], ["key_revoked"]],
  [["pepper", "rotate", "--yes"], ["pepper_rotated"]],
  [["master-key", "rotate", "--data-dir", ".", "--new-master-key-command", newKey], ["master_key_rotated"], "cli"],
  [["master-key", "rotate", "--data-dir", ".", "--cancel", "--yes"], ["master_key_cancelled"], "cli"],
  [["admin", "reset", "--data-dir", ".", "--yes"], ["admin_reset", "credentials_file_written"], "cli"],
];

const leavesOf = (command: Command): readonly string[] =>
  command.commands.flatMap((child) =>
    child.commands.length === 0 ? [child.name()] : leavesOf(child).map((name) => `${child.name()} ${name}`),
  );

suite("the events of commands", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService();
    const write = (name: string, text: string) => writeFile(join(at.service.folder, name), text);
    const lines = ["imported-1", "imported-2"].map((client_id) =>
      JSON.stringify({ client_id, scope: "file:read", secret: { value: `secret-of-${client_id}-0123456789` } }),
    );
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await write("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    await write("import.jsonl", `${lines.join("\n")}\n`);
    await write("two.yaml", "owner: me\nclients:\n  - client_id: one\n  - client_id: two\n");
    await write("one.yaml", "owner: me\nclients:\n  - { client_id: one, client_name: One }\n");
  });
  after(() => at[Symbol.asyncDispose]());

  /** Every event in the store, oldest first. */
  const events = async () => {
    const stored = await at.service.server.registry.events.search(eventQuery());
    return stored.map(({ json }) => JSON.parse(json)).reverse();
  };

  test("are tested with every command that changes something", async () => {
    const tested = new Set(changes.map(([args]) => args.join(" ")));
    const missing = leavesOf(await buildProgram()).filter(
      (name) => name !== "help" && !others.has(name) && ![...tested].some((args) => `${args} `.startsWith(`${name} `)),
    );
    assert.deepEqual(missing, []);
  });

  test("are one for each operation of a command", async () => {
    for (const [args, kinds, actor = "carnet-admin"] of changes) {
      const earlier = (await events()).length;
      const clients = await allClients(at.service.server.registry.store);
      const secretId = clients.find(({ clientId }) => clientId === "app")?.secrets[0]?.secretId ?? "";
      const keyId = at.service.server.keys.states.find(({ state }) => state === "upcoming")?.key.keyId ?? "";
      const ids: Readonly<Record<string, string>> = { SECRET: secretId, KEY: keyId };
      const { code, stderr } = await at.carnet(args.map((word) => ids[word] ?? word));
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      const left = (await events()).slice(earlier);
      assert.deepEqual(left.map(({ event }) => event).sort(), [...kinds].sort(), args.join(" "));
      for (const { actor: who, outcome, request_id, address } of left) {
        assert.equal(outcome, "success");
        assert.equal(who.client_id ?? who.type, actor);
        assert.deepEqual([request_id === null, address], actor === "cli" ? [true, null] : [false, "127.0.0.1"]);
      }
    }
  });

  test("of a reset name what was restored, the revoked and the new secret, and the file", async () => {
    const [written, reset] = (await events()).reverse().slice(0, 2);
    assert.deepEqual([written.client_id, written.file], ["carnet-admin", at.adminFile]);
    const secrets = reset.objects.filter(({ type }: { type: string }) => type === "secret");
    assert.deepEqual(
      secrets.map(({ action, changes: { revoked_at, label } }: Changed) => [
        action,
        revoked_at !== undefined,
        label?.after,
      ]),
      [
        ["changed", true, undefined],
        ["created", false, "reset"],
      ],
    );
    assert.ok(!JSON.stringify([written, reset]).includes(at.admin.client_secret));
    const journal = at.service.journal().map(({ id }) => id); // of each command a file, in no order
    const own = [reset.id, written.id];
    assert.deepEqual(
      journal.filter((id) => own.includes(id)),
      own,
    );
  });
});

interface Changed {
  readonly action: string;
  readonly changes: { readonly revoked_at?: object; readonly label?: { readonly after: unknown } };
}
