import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { ClientList } from "@carnet/protocol/admin/clients";
import { type AdminService, assertRefused, startAdminService } from "./support/admin-service.ts";

suite("an unknown name gets a suggestion and the command that lists what exists:", () => {
  let at: AdminService;
  before(async () => {
    at = await startAdminService({ settings: { scopeCatalogue: "closed" } });
    for (const name of ["file:read", "file:write"]) await at.carnet(["scope", "put", name, name]);
    for (const id of ["nightly-export", "graph-sync"]) await at.service.register({ client_id: id });
    for (let number = 0; number < 150; number++) await at.service.register({ client_id: `graph-many-${number}` });
  });
  after(() => at[Symbol.asyncDispose]());

  const clients = "List the clients with `carnet client list`.";
  const cases: readonly (readonly [args: readonly string[], hint: string])[] = [
    [["client", "show", "nightly-exprot"], `Did you mean nightly-export? ${clients}`],
    [["client", "change", "nighly-export", "--name", "x"], `Did you mean nightly-export? ${clients}`],
    [["client", "delete", "graph-synk", "--yes"], `Did you mean graph-sync? ${clients}`],
    [["client", "enable", "NIGHTLY-EXPORT"], `Did you mean nightly-export? ${clients}`],
    [["secret", "list", "nightly-exports"], `Did you mean nightly-export? ${clients}`],
    [["secret", "add", "nothing-like-it"], clients],
    [["secret", "revoke", "graph-sinc", "x", "--yes"], `Did you mean graph-sync? ${clients}`],
    [["scope", "delete", "file:raed", "--yes"], "Did you mean file:read? List the scopes with `carnet scope list`."],
    [
      ["client", "create", "--scope", "file:raed file:wite"],
      "Did you mean file:read? Did you mean file:write? List the scopes with `carnet scope list`.",
    ],
  ];
  for (const [args, hint] of cases) {
    test(`carnet ${args.join(" ")}`, async () => {
      const refused = await at.carnet(args);
      assertRefused(refused, /^carnet: Refused/);
      assert.equal(refused.stderr.trimEnd().split("\n").at(-1), hint);
    });
  }

  test("the id of a secret", async () => {
    const { clients } = (await at.json(["client", "list", "--search", "nightly"])) as ClientList;
    const id = clients[0]?.secrets[0]?.secret_id ?? "";
    const typed = `${id.slice(0, 5)}${id[6]}${id[5]}${id.slice(7)}`;
    const refused = await at.carnet(["secret", "revoke", "nightly-export", typed, "--yes"]);
    const hint = `Did you mean ${id}? List the secrets with \`carnet secret list nightly-export\`.`;
    if (id !== typed) assert.equal(refused.stderr.trimEnd().split("\n").at(-1), hint);
  });

  test("without a suggestion when the caller may not list", async () => {
    const scope = "carnet:clients:write";
    const { clientId, clientSecret } = await at.service.register({ role: "admin", scope });
    const env = {
      CARNET_SERVER_URL: at.service.url,
      CARNET_ADMIN_CLIENT_ID: clientId,
      CARNET_ADMIN_CLIENT_SECRET: clientSecret,
    };
    const refused = await at.carnet(["client", "enable", "nightly-exprot"], { env });
    assertRefused(refused, /^carnet: Refused: no client with this id .*\nList what exists with/);
    assert.doesNotMatch(refused.stderr, /nightly-export/);
  });
});
