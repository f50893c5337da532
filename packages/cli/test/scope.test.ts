import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assertRefused, startAdminService } from "./support/admin-service.ts";

suite("carnet scope", () => {
  test("lists the catalogue of a new store as a table and as JSON", async () => {
    await using at = await startAdminService();
    const { code, stdout, stderr } = await at.carnet(["scope", "list"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const [head, ...rows] = stdout.trimEnd().split("\n");
    assert.match(head ?? "", /^SCOPE +DESCRIPTION$/);
    const { scopes } = (await at.json(["scope", "list"])) as { scopes: { name: string; description: string }[] };
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/)),
      scopes.map(({ name, description }) => [name, description]),
    );
    for (const name of ["activity:read", "file:read", "file:write", "graph:read", "graph:write"])
      assert.ok(
        scopes.some((scope) => scope.name === name && scope.description !== ""),
        name,
      );
  });

  test("adds a scope, changes its description, and removes it after confirmation", async () => {
    await using at = await startAdminService();
    const inList = async (): Promise<unknown> => {
      const { scopes } = (await at.json(["scope", "list"])) as { scopes: { name: string; description: string }[] };
      return scopes.find(({ name }) => name === "data_tables|r")?.description;
    };
    for (const description of ["Read tables", "Read all tables"]) {
      const put = await at.carnet(["scope", "put", "data_tables|r", description]);
      assert.deepEqual(put, { code: 0, signal: null, stdout: "", stderr: "The catalogue now has data_tables|r.\n" });
      assert.equal(await inList(), description);
    }
    const remove = ["scope", "delete", "data_tables|r"];
    assertRefused(
      await at.carnet(remove),
      /^carnet: Remove data_tables\|r from the catalogue\? Nothing was changed, .*--yes/,
    );
    assert.equal(await inList(), "Read all tables");
    const removed = await at.carnet([...remove, "--yes"]);
    assert.deepEqual([removed.code, removed.stderr], [0, "The catalogue no longer has data_tables|r.\n"]);
    assert.equal(await inList(), undefined);
    assertRefused(await at.carnet([...remove, "--yes"]), /the catalogue has no such scope .*`carnet scope list`/s);
  });

  test("with --json prints the scope that was added or deleted", async () => {
    await using at = await startAdminService();
    const added = await at.json(["scope", "put", "x:read", "Read x"]);
    assert.deepEqual(added, { name: "x:read", description: "Read x", claims: {} });
    const deleted = await at.json(["scope", "delete", "x:read", "--yes"]);
    assert.deepEqual(deleted, { deleted: { name: "x:read" } });
  });

  test("sets, keeps and removes the claims of a scope, and shows them in the list", async () => {
    await using at = await startAdminService();
    const put = (...args: readonly string[]) => at.json(["scope", "put", "x:read", "Read x", ...args]);
    const claims = { tier: "gold" };
    assert.deepEqual(await put("--claims", JSON.stringify(claims)), { name: "x:read", description: "Read x", claims });
    assert.deepEqual(await put(), { name: "x:read", description: "Read x", claims });
    assert.match(
      (await at.carnet(["scope", "list"])).stdout,
      /^SCOPE .* CLAIMS$(?:.|\n)*^x:read .* \{"tier":"gold"\}$/m,
    );
    assert.deepEqual(await put("--claims", ""), { name: "x:read", description: "Read x", claims: {} });
    for (const [given, reason] of [
      ['{"iss":"x"}', /--claims: iss is a reserved claim/],
      ['{"a":1,"a":2}', /a appears twice/],
      ["[1]", /--claims is not a JSON object/],
      ["{planted", /--claims is not a JSON object/],
    ] as const) {
      const refused = await at.carnet(["scope", "put", "x:read", "Read x", "--claims", given]);
      assertRefused(refused, reason);
      assert.doesNotMatch(refused.stderr, /planted/);
    }
    await at.json(["client", "create", "--client-id", "app", "--claims", '{"level":1}']);
    const used = await at.carnet(["scope", "put", "x:read", "Read x", "--claims", '{"level":2}']);
    assertRefused(
      used,
      /with the name level, .*\nFind the claims of clients in the output of `carnet client list --json`/,
    );
    assertRefused(
      await at.carnet(["scope", "put", "x", "X", "--claims-file", "missing.json"]),
      /missing\.json cannot be read \(ENOENT\)/,
    );
  });

  test("refuses a malformed name, an empty description, and removing a scope that a client has", async () => {
    await using at = await startAdminService();
    assertRefused(await at.carnet(["scope", "put", 'quo"te', "x"]), /\n {2}is not a scope name/);
    assertRefused(await at.carnet(["scope", "put", "x", ""]), /\n {2}<description> must have 1 to 255 characters/);
    await at.service.register({ client_id: "reader", scope: "file:read" });
    assertRefused(
      await at.carnet(["scope", "delete", "file:read", "--yes"]),
      /^carnet: Refused: a client is registered for this scope: remove it from the client first \(request [\w-]+\)\.\nFind its clients with `carnet client list --scope file:read`\.\n$/,
    );
  });
});
