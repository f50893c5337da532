import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { UsageCounter } from "@carnet/core/audit/usage-counter";
import { Redacted } from "@carnet/protocol/redacted";
import { liveBytes } from "@carnet/testkit/live-bytes";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const requests = 300;
/** Ignored, and nearly as long as a body may be. */
const pad = "x".repeat(60_000);
const secret = { value: new Redacted("a-secret-of-twenty-characters") };
const credentials = { client_id: "a-client-with-a-name", client_secret: secret.value.reveal() };

/** The bytes that stay in use for each request, once its events are all that is left of it. */
async function bytesPerRequest(
  endpoint: TestEndpoint,
  form: (request: number) => Readonly<Record<string, string>>,
): Promise<number> {
  await endpoint.post(form(0)); // what is made once
  const before = liveBytes();
  for (let request = 0; request < requests; request++)
    await endpoint.post({ pad: `${pad}${request}`, ...form(request) });
  return (liveBytes() - before) / requests;
}

async function withClient(changes: ConstructorParameters<typeof TestEndpoint>[0] = {}): Promise<TestEndpoint> {
  const endpoint = new TestEndpoint(changes);
  await endpoint.register({ client_id: credentials.client_id, secret, scope: "a-scope", scope_policy: "ignore" });
  return endpoint;
}

suite("an event that is kept for the next batch keeps none of its request in memory", () => {
  test("with a client id that cannot be one", async () => {
    const endpoint = await withClient();
    const taken = await bytesPerRequest(endpoint, (at) => ({ client_id: `${pad}${at}`, client_secret: "wrong" }));
    assert.ok(taken < 5000, `${taken} bytes`);
    const [event] = endpoint.records;
    assert.ok(event?.event === "token_refused");
    assert.equal(event.claimedClientId, null);
  });

  test("with a client id that may be one", async () => {
    const endpoint = await withClient();
    const taken = await bytesPerRequest(endpoint, (at) => ({
      client_id: `nobody-with-an-id-${at}`,
      client_secret: "x",
    }));
    assert.ok(taken < 5000, `${taken} bytes`);
    const event = endpoint.records.at(-1);
    assert.ok(event?.event === "token_refused");
    assert.equal(event.claimedClientId?.reveal(), `nobody-with-an-id-${requests - 1}`);
  });

  test("with scopes that are counted", async () => {
    const texts: string[] = [];
    const counter = new UsageCounter({
      add: async ([usage]) => void texts.push(...(usage?.asked.reveal().keys() ?? [])),
      read: async () => [],
    });
    const endpoint = await withClient({ recorder: { record: (event) => counter.note(event) } });
    const taken = await bytesPerRequest(endpoint, (at) => ({
      ...credentials,
      scope: `another-scope-with-a-name-${at}`,
    }));
    assert.ok(taken < 5000, `${taken} bytes`);
    await counter.flush();
    assert.equal(texts.at(-1), "another-scope-with-a-name-99");
  });
});
