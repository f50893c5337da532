import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type AdminService, assertRefused, generatedSecret, startAdminService } from "./support/admin-service.ts";

/** Changes a client by a request with this id. */
async function change(at: AdminService, requestId: string): Promise<void> {
  const { client_id, client_secret } = at.admin;
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  const answer = await fetch(`${at.service.url}/oauth2/token`, { method: "POST", body });
  const { access_token } = await answer.json();
  const changed = await fetch(`${at.service.url}/admin/v1/clients`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${access_token}`,
      "Content-Type": "application/json",
      "X-Request-ID": requestId,
    },
    body: JSON.stringify({}),
  });
  assert.equal(changed.status, 201);
}

suite("carnet explain", () => {
  test("prints what, why and what to do next, for people and as JSON", async () => {
    await using at = await startAdminService();
    await change(at, "nightly-7");
    const { code, stdout, stderr } = await at.carnet(["explain", "nightly-7"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(
      stdout,
      /^What {4}this request was not refused: it was carried out, less than a minute ago\nWhy {5}\S+ asked for it: client_created\nNext {4}see what changed with `carnet audit search --request-id nightly-7`\n$/,
    );
    const json = Object(await at.json(["explain", "nightly-7"]));
    assert.deepEqual(Object.keys(json), ["request_id", "what", "why", "since", "next", "event", "others"]);
    assert.equal(json.event.event, "client_created");
    assert.doesNotMatch(stdout + JSON.stringify(json), generatedSecret);
  });

  test("lists the other requests with the same id", async () => {
    await using at = await startAdminService();
    await change(at, "again");
    await change(at, "again");
    const { stdout } = await at.carnet(["explain", "again"]);
    assert.match(stdout, /\nOthers {2}2\S+Z client_created: another request with the same id\n$/);
  });

  test("fits a narrow terminal", async () => {
    await using at = await startAdminService();
    await change(at, "narrow");
    const { stdout } = await at.carnet(["explain", "narrow"], { env: { COLUMNS: "60" } });
    for (const line of stdout.trimEnd().split("\n")) {
      assert.ok(line.length <= 60 || line.includes("`"), line);
      assert.match(line, /^(What|Why|Next| {4}) /);
    }
  });

  test("says where it looked, and what to do, if it finds nothing", async () => {
    await using at = await startAdminService();
    assertRefused(
      await at.carnet(["explain", "never-sent"]),
      /^carnet: Refused: no event has this request id\. Searched: .*keeps refusals of known clients for at most 7 days.*\nList recent refusals with `carnet audit search --kind token_refused --since 1h`\.\n$/s,
    );
  });

  test("refuses what cannot be a request id, without repeating it", async () => {
    await using at = await startAdminService();
    const refused = await at.carnet(["explain", "planted words"]);
    assertRefused(refused, /\n {2}<request-id> must be 1 to 128 visible ASCII characters: copy the X-Request-ID/);
    assert.doesNotMatch(refused.stderr, /planted/);
  });

  test("needs only the scope of an auditor, and says so without it", async () => {
    await using at = await startAdminService();
    await change(at, "nightly-7");
    const as = async (scope: string) => {
      const { clientId, clientSecret } = await at.service.register({ scope, role: "auditor" });
      const env = { CARNET_ADMIN_CLIENT_ID: clientId, CARNET_ADMIN_CLIENT_SECRET: clientSecret };
      return at.carnet(["explain", "nightly-7", "--server-url", at.service.url], { env });
    };
    assert.equal((await as("carnet:audit:read")).code, 0);
    assertRefused(await as("carnet:clients:read"), /the token lacks the scope carnet:audit:read/);
  });
});
