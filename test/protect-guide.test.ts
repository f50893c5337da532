// The API in the guide to protecting an API admits the right tokens and no others.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { tokenOf } from "./support/admin-api.ts";
import { alterations } from "./support/altered-tokens.ts";
import { fetchToken } from "./support/fetch-token.ts";
import { publishedKey } from "./support/published-key.ts";

const file = join(import.meta.dirname, "../examples/protect-an-api/api.ts");
const guide = readFileSync(join(import.meta.dirname, "../docs/guide/protect-an-api.md"), "utf8");
const audience = "https://api.example.test";

/** Starts the API for tokens of an issuer. */
async function startApi(issuer: string) {
  const process_ = new CarnetProcess([], {
    command: [process.execPath, file],
    env: { ISSUER: issuer, AUDIENCE: audience, PORT: "0" },
  });
  const [, address = ""] = await process_.prints("stdout", /^Listening on (.*)\n/);
  const url = `http://127.0.0.1:${JSON.parse(address).port}/files`;
  return {
    call: async (token?: string) => {
      const response = await fetch(url, token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } });
      const text = await response.text();
      const body = text === "" ? undefined : JSON.parse(text);
      return { status: response.status, challenge: response.headers.get("www-authenticate"), body };
    },
    [Symbol.asyncDispose]: () => process_[Symbol.asyncDispose](),
  };
}

/** What every refusal of a token has in common. */
function assertInvalid({ status, challenge, body }: { status: number; challenge: string | null; body: unknown }) {
  assert.equal(status, 401);
  assert.match(challenge ?? "", /^Bearer realm="api", error="invalid_token", /);
  assert.equal(Object(body).error, "invalid_token");
}

describe("the API in the guide to protecting an API", () => {
  const cleanup = new AsyncDisposableStack();
  let service: TestService;
  let api: Awaited<ReturnType<typeof startApi>>;
  before(async () => {
    service = cleanup.use(await startTestService({ settings: { audience } }));
    api = cleanup.use(await startApi(service.url));
  });
  after(() => cleanup.disposeAsync());

  it("is the file that the guide names", () => {
    assert.ok(guide.includes(`\n\`\`\`ts\n${readFileSync(file, "utf8")}\`\`\`\n`));
  });

  it("admits a token that has the scope among others", async () => {
    const { clientId, token } = await fetchToken(service, "task:read file:read file:write");
    const body = { files: [], readBy: clientId };
    assert.deepEqual(await api.call(token), { status: 200, challenge: null, body });
  });

  it("answers a request without a token with a challenge that has no error [RFC6750 §3.1]", async () => {
    assert.deepEqual(await api.call(), { status: 401, challenge: 'Bearer realm="api"', body: undefined });
  });

  it("answers a token without the scope, or with a longer one, with 403 [RFC6750 §3.1]", async () => {
    for (const scope of ["file:write", "file:readall xfile:read"]) {
      const { token } = await fetchToken(service, scope);
      const { status, challenge } = await api.call(token);
      assert.equal(status, 403);
      assert.match(challenge ?? "", /^Bearer realm="api", error="insufficient_scope", .*scope="file:read"$/);
    }
  });

  for (const [name, alter] of Object.entries(alterations)) {
    it(`refuses a token with ${name}`, async () => {
      const { token } = await fetchToken(service, "file:read");
      const publicKey = await publishedKey(service);
      assertInvalid(await api.call(alter({ token, publicKey })));
    });
  }

  it("refuses tokens of another issuer, for another audience, that have expired, and what is no token", async () => {
    await using foreign = await startTestService({ settings: { audience } });
    assertInvalid(await api.call((await fetchToken(foreign, "file:read")).token));
    const other = await service.register({ client_id: "other", scope: "file:read", audience: "https://other.test" });
    assertInvalid(await api.call(await tokenOf(service, other)));
    await using past = await startTestService({
      clock: new FixedClock("2020-01-01T00:00:00Z"),
      settings: { audience },
    });
    await using apiOfPast = await startApi(past.url);
    assertInvalid(await apiOfPast.call((await fetchToken(past, "file:read")).token));
    assertInvalid(await api.call("none"));
  });

  it("goes on with the keys that it has while the service is down, and answers 503 without any", async () => {
    const stopped = await startTestService({ settings: { audience } });
    await using warm = await startApi(stopped.url);
    await using cold = await startApi(stopped.url);
    const { token } = await fetchToken(stopped, "file:read");
    assert.equal((await warm.call(token)).status, 200);
    await stopped[Symbol.asyncDispose]();
    assert.equal((await warm.call(token)).status, 200);
    const { status, challenge } = await cold.call(token);
    assert.deepEqual({ status, challenge }, { status: 503, challenge: null });
  });
});
