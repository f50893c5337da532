import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { buildProgram } from "carnet/program";
import { formatFacts, formatTable } from "carnet/table";
import { wrapLines } from "carnet/wrap";
import fc from "fast-check";
import { startAdminService } from "./support/admin-service.ts";
import { runCommand } from "./support/command-runner.ts";

const env = { COLUMNS: "60" };

/** Fails for a line that is too long although it could be broken between two words. */
function assertNarrow(text: string): void {
  for (const line of text.split("\n")) {
    const words = line.trim().replaceAll(/`[^`]*`/g, "`");
    assert.ok(line.length <= 60 || !words.includes(" "), `${line.length}: ${line}`);
  }
}

suite("at 60 columns", () => {
  test("every help page wraps by word", async () => {
    const pages = async (words: readonly string[]): Promise<void> => {
      const { code, stdout } = await runCommand([...words, "--help"], { env });
      assert.equal(code, 0);
      assertNarrow(stdout);
    };
    const [program] = [await buildProgram()];
    await pages([]);
    for (const command of program?.commands ?? []) {
      await pages([command.name()]);
      for (const child of command.commands) await pages([command.name(), child.name()]);
    }
  });

  test("lists become blocks whose values wrap by word, and errors wrap", async () => {
    await using at = await startAdminService();
    const scope = "a-rather-long-scope:read another-long-scope:write a-third-scope:admin";
    await at.service.register({ client_id: "wide", client_name: "A name of several words", scope });
    const list = await at.carnet(["client", "list"], { env });
    assertNarrow(list.stdout);
    for (const name of scope.split(" ")) assert.ok(list.stdout.includes(name), name);
    assert.match(
      list.stdout,
      /\n\nCLIENT ID {5}wide\nNAME {10}A name of several words\nOWNER {9}default\nSTATUS {8}active\n/,
    );
    const shown = await at.carnet(["client", "show", "wide"], { env });
    assertNarrow(shown.stdout);
    assert.match(
      shown.stdout,
      /^scope {23}a-rather-long-scope:read\n {28}another-long-scope:write\n {28}a-third-scope/m,
    );
    const refused = await at.carnet(["client", "show", "wied"], { env });
    assertNarrow(refused.stderr);
    assert.match(refused.stderr, /\nDid you mean wide\? List the clients with\n`carnet client list`\.\n$/);
    assertNarrow((await at.carnet(["client", "list", "--limit", "many"], { env })).stderr);
  });

  test("the result of a verification and the end of old secrets wrap", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "wide" });
    assertNarrow((await at.carnet(["audit", "verify"], { env })).stdout);
    const { stdout } = await at.carnet(["secret", "rotate", "wide"], { env });
    assert.match(stdout, /\nOlder secrets expire a day from now, or at their own expiry\ndate/);
  });

  test("a secret stays in one piece", async () => {
    await using at = await startAdminService();
    const { stdout } = await at.carnet(["client", "create", "--client-id", "x", "--scope", "y"], {
      env: { COLUMNS: "20" },
    });
    assert.match(stdout, /\n {2}carnet_[a-z0-9]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\n/);
  });

  test("output to a pipe is not wrapped unless COLUMNS is set", async () => {
    await using at = await startAdminService();
    const { stdout } = await at.carnet(["client", "list"]);
    assert.match(stdout, /^CLIENT ID +NAME +OWNER +STATUS .*\ncarnet-admin .*\n$/);
  });
});

suite("a wrapped text", () => {
  const words = fc.array(fc.stringMatching(/^[a-z0-9:]{1,15}$/), { minLength: 1 });
  test("has the same words, and no line that could be shorter", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 15, max: 80 }), (all, columns) => {
        const lines = wrapLines(all.join(" "), columns).split("\n");
        assert.deepEqual(
          lines.flatMap((line) => line.split(" ")),
          all,
        );
        for (const line of lines) assert.ok(line.length <= columns, line);
      }),
    );
  });

  test("keeps commands in backticks and words that are too long in one piece", () => {
    assert.equal(wrapLines("see `carnet client list` now", 12), "see\n`carnet client list`\nnow");
    assert.equal(wrapLines("  a https://example.com/a/long/path b", 12), "  a\n  https://example.com/a/long/path\n  b");
  });

  test("takes linear time, even for white space at the end of a line", () => {
    const start = performance.now();
    for (const text of [`a${" ".repeat(200_000)}`, "`a ".repeat(50_001), "ab ".repeat(50_000)]) wrapLines(text, 60);
    assert.ok(performance.now() - start < 5000, "200,000 spaces took over three minutes in quadratic time");
  });

  test("of a table or of facts keeps values below each other", () => {
    assert.equal(formatFacts({ a: "one two three", bc: "x" }, 9), "a   one\n    two\n    three\nbc  x\n");
    assert.equal(
      formatTable(
        ["A", "B"],
        [
          ["one two", "x"],
          ["y", "z"],
        ],
        { columns: 8 },
      ),
      "A  one\n   two\nB  x\n\nA  y\nB  z\n",
    );
    assert.equal(formatTable(["A", "B"], [["one", "x"]], { columns: 8 }), "A    B\none  x\n");
  });
});
