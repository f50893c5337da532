import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeFormPart } from "@carnet/protocol/form";
import { Redacted } from "@carnet/protocol/redacted";
import { allClients } from "@carnet/testkit/all-clients";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";

const secret = "wk_secret:oa2c:0123456789/+abc";
const id = "app one";

async function withClient(): Promise<TestEndpoint> {
  const endpoint = new TestEndpoint();
  await endpoint.register({ client_id: id, secret: { value: new Redacted(secret) }, scope: "file:read" });
  return endpoint;
}

const basic = (client: string, password: string) => ({
  authorization: [new Redacted(`Basic ${btoa(`${client}:${password}`)}`)],
});

const twice = (text: string): string => encodeFormPart(encodeFormPart(text));

type Sent = Parameters<TestEndpoint["post"]>;
const inBody = (client_id: string, client_secret: string): Sent => [{ client_id, client_secret }];

/** Mistakes by reason, and how each is made with a client id and a secret. */
const mistakes: Readonly<Record<string, readonly ((client: string, password: string) => Sent)[]>> = {
  credentials_encoded_twice: [
    (client, password) => [{}, basic(twice(client), twice(password))],
    (client, password) => inBody(encodeFormPart(client), encodeFormPart(password)),
  ],
  credentials_padded: [
    (client, password) => [{}, basic(client, `${password}\n`)],
    (client, password) => inBody(client, ` ${password}`),
    (client, password) => inBody(`"${client}"`, `'${password}'`),
  ],
  id_and_secret_swapped: [
    (client, password) => inBody(password, client),
    // The client id is what stands before the first colon
    (client, password) => [{}, basic(encodeFormPart(password), encodeFormPart(client))],
  ],
};

suite("Credentials that match no client", () => {
  for (const [reason, requests] of Object.entries(mistakes)) {
    test(`are refused, and the mistake is found: ${reason}`, async () => {
      for (const request of requests) {
        const endpoint = await withClient();
        assert.equal((await endpoint.post(...request(id, secret))).status, 401);
        const record = endpoint.records.at(-1);
        assert.ok(record?.event === "token_refused");
        assert.equal(record.reason, reason);
        assert.deepEqual(record.actor, { type: "unknown" }, "a mistake authenticates nobody");
        const [client] = await allClients(endpoint.store);
        const { used_method, ...facts } = record.facts;
        assert.match(String(used_method), /^client_secret_(basic|post)$/);
        assert.deepEqual(facts, { client_id: id, secret_id: client?.secrets[0]?.secretId });
      }
    });

    test(`cost the same whether the mistake is found or not, and whoever exists: ${reason}`, async () => {
      for (const request of requests) {
        const costs = [];
        for (const [client, password] of [
          [id, secret],
          [id, "wk_secret:oa2c:9876543210/+xyz"],
          ["nob ody", secret],
        ] as const) {
          const endpoint = await withClient();
          let hashes = 0;
          const { hasher } = endpoint.ports;
          const counted: typeof hasher = {
            ...hasher,
            digests(...sent) {
              hashes++;
              return hasher.digests(...sent);
            },
          };
          const counting = new TestEndpoint({ ...endpoint.ports, hasher: counted });
          const probes = endpoint.store.probes;
          assert.equal((await counting.post(...request(client, password))).status, 401);
          costs.push({ hashes, probes: endpoint.store.probes - probes });
        }
        assert.deepEqual(costs, [costs[0], costs[0], costs[0]]);
      }
    });
  }

  test("that are wrong cost at most twice as much as without a search for mistakes", async () => {
    const endpoint = await withClient();
    const probesFor = async (...sent: Sent): Promise<number> => {
      const before = endpoint.store.probes;
      await endpoint.post(...sent);
      return endpoint.store.probes - before;
    };
    assert.equal(await probesFor(...inBody("app", "wrong-secret-0123456789")), 1);
    assert.equal(await probesFor({}, basic("app", "wrong%20secret")), 2, "both readings, and neither again");
    assert.equal(await probesFor({}, basic("%E9%2520", "%E9%2520\n")), 4, "two readings, each with a mistake");
  });

  test("show a mistyped and an incomplete secret by their form, without another look into the store", async () => {
    const endpoint = new TestEndpoint();
    const { generatedSecret } = await endpoint.register({ client_id: "app" });
    const right = generatedSecret?.reveal() ?? "";
    const typo = right.slice(0, -1) + (right.endsWith("0") ? "1" : "0");
    const other = await endpoint.register({ client_id: "other" });
    for (const [client_secret, reason, facts] of [
      [typo, "secret_mistyped", {}],
      [right.slice(0, -4), "secret_incomplete", {}],
      [`${right}x`, "secret_incomplete", {}],
      [other.generatedSecret?.reveal() ?? "", "unknown_credentials", { secret_form: "generated" }],
      ["wrong-secret-0123456789", "unknown_credentials", {}],
    ] as const) {
      const probes = endpoint.store.probes;
      await endpoint.post({ client_id: "app", client_secret });
      const record = endpoint.records.at(-1);
      assert.ok(record?.event === "token_refused");
      assert.deepEqual([record.reason, record.facts], [reason, { ...facts, used_method: "client_secret_post" }]);
      assert.equal(record.claimedClientId?.reveal(), "app");
      assert.equal(endpoint.store.probes, probes + 1);
    }
  });
});
