import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { assertRefused, startAdminService } from "./support/admin-service.ts";
import { apply, show, start } from "./support/apply.ts";

suite("static claims of a client", () => {
  test("come from a flag or a file, are merged level by level, and are shown", async () => {
    await using at = await startAdminService();
    const file = join(at.service.folder, "claims.json");
    await writeFile(file, '{"tier":"gold","limits":{"daily":5,"hourly":1}}\n');
    await at.json(["client", "create", "--client-id", "app", "--scope", "file:read", "--claims-file", file]);
    const change = (claims: string) => at.json(["client", "change", "app", "--claims", claims]);
    await change('{"limits":{"hourly":null},"groups":["a"]}');
    const claims = '{"groups":["a"],"limits":{"daily":5},"tier":"gold"}';
    assert.equal(JSON.stringify((await show(at, "app")).claims), claims);
    const { stdout } = await at.carnet(["client", "show", "app"]);
    assert.ok(stdout.includes(claims));
    const { stdout: events } = await at.carnet(["audit", "search", "--client", "app", "--json"]);
    assert.ok(events.includes(`"claims":{"before":{"limits":{"daily":5,"hourly":1},"tier":"gold"},"after":${claims}}`));
    await change("");
    assert.deepEqual((await show(at, "app")).claims, {});
  });

  test("are refused with the flag and the member, and never quoted", async () => {
    await using at = await startAdminService();
    await at.service.register({ client_id: "app" });
    for (const [given, reason] of [
      [
        '{"sub":"planted"}',
        /\n {2}--claims: sub is a reserved claim, or differs from one by case only: use another name\n/,
      ],
      ['{"scope":"planted"}', /\n {2}--claims: scope is a reserved claim/],
      ['{"a":{"b":"planted","b":1}}', /--claims is refused: a\.b appears twice/],
      ['"planted"', /--claims is not a JSON object\. Write one such as/],
      [`{"planted":"${"x".repeat(1024)}"}`, /--claims must have at most 1024 bytes as JSON/],
    ] as const) {
      const refused = await at.carnet(["client", "change", "app", "--claims", given]);
      assertRefused(refused, reason);
      assert.doesNotMatch(refused.stderr, /planted/);
    }
    const both = await at.carnet(["client", "change", "app", "--claims", "{}", "--claims-file", "x"]);
    assert.equal(both.code, 2);
  });

  test("are applied from a file as they stand there, and exported", async () => {
    await using at = await start();
    const fileWith = (claims: string) =>
      `owner: platform\nclients:\n  - client_id: one\n    scope: file:read\n${claims}`;
    const first = fileWith("    claims: { tier: gold, limits: { daily: 5, hourly: 1 } }\n");
    await apply(at, first);
    assert.equal((await apply(at, first)).stdout, "0 to do, 1 unchanged.\n");
    const second = fileWith("    claims: { limits: { daily: 6 } }\n");
    const { stdout } = await apply(at, second, "--dry-run");
    assert.match(stdout, /claims: \{"limits":\{"daily":5,"hourly":1\},"tier":"gold"\} -> \{"limits":\{"daily":6\}\}/);
    await apply(at, second, "--yes");
    assert.deepEqual((await show(at, "one")).claims, { limits: { daily: 6 } });
    const exported = (await at.carnet(["export", "--owner", "platform"])).stdout;
    assert.match(exported, /claims:\n {6}limits:\n {8}daily: 6\n/);
    assert.match((await apply(at, exported)).stdout, /0 to do, 1 unchanged/);
    await apply(at, fileWith(""), "--yes");
    assert.deepEqual((await show(at, "one")).claims, {}, "a setting that the file omits is reset");
    const refused = await apply(at, fileWith("    claims:\n      tier: gold\n      iss: planted\n"));
    assertRefused(refused, /line 7, column \d+: clients\.0\.claims\.iss is a reserved claim/);
    assert.doesNotMatch(refused.stderr, /planted/);
  });
});
