import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parseAddress, parseCidr } from "@carnet/core/client/cidr";
import { scopePolicies } from "@carnet/core/client/client";
import type { ProvenSecret } from "@carnet/core/client/token-client";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { liveBytes } from "@carnet/testkit/live-bytes";
import { clientIdOf, fullClient, plainClient, secretOf } from "@carnet/testkit/sample-clients";
import fc from "fast-check";

const roomy = () => new PackedClients(2 ** 24, 1);

const digestOf = (name: string | number): Uint8Array => createHash("sha256").update(String(name)).digest();

/** The members that a token request needs. Memory holds no others. */
const comparable = ({ client, secret }: ProvenSecret) => ({
  clientId: client.clientId,
  handle: client.handle,
  workspace: client.workspace,
  scopes: client.scopes,
  scopePolicy: client.scopePolicy,
  status: client.status,
  expiresAt: client.expiresAt,
  ipAllowlist: client.ipAllowlist.map((block) => block.text),
  tokenEndpointAuthMethod: client.tokenEndpointAuthMethod,
  accessTokenTtl: client.accessTokenTtl,
  audience: client.audience,
  claims: client.claims,
  secret: {
    secretId: secret.secretId,
    handle: secret.handle,
    notBefore: secret.notBefore,
    expiresAt: secret.expiresAt,
    idle: secret.idle,
    revokedAt: secret.revokedAt,
    usedAt: secret.idle === null ? null : (secret.lastUse?.at ?? null),
  },
});

function assertThere(memory: PackedClients, digest: Uint8Array, expected: ProvenSecret): void {
  const found = memory.get(digest);
  assert.ok(found !== undefined, expected.client.clientId);
  assert.deepEqual(comparable(found), comparable(expected));
  const address = parseAddress("203.0.113.7");
  assert.ok(address);
  for (const [at, block] of found.client.ipAllowlist.entries())
    assert.equal(block.contains(address), expected.client.ipAllowlist[at]?.contains(address));
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "🔑", '"', "\\", "__proto__"), minLength: 1, maxLength: 5 });
const time = fc.integer({ min: 0, max: 2 ** 50 });
const block = fc.constantFrom("203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8").map((given) => {
  const parsed = parseCidr(given);
  assert.ok(parsed.ok);
  return parsed.value;
});
const secret = fc
  .record({
    notBefore: fc.option(time),
    expiresAt: fc.option(time),
    idle: fc.option(fc.record({ since: time, after: time }, { noNullPrototype: true })),
    revokedAt: fc.option(time),
    lastUse: fc.option(fc.record({ at: time, from: text })),
  })
  .map((terms) => ({ ...secretOf("any"), ...terms }));
const client = fc
  .record({
    clientId: fc.constantFrom("a", "b", "c", "ab", "a b", "~").map(clientIdOf),
    workspace: fc.option(text),
    scopes: fc.uniqueArray(fc.constantFrom("x", "y", "z")),
    scopePolicy: fc.constantFrom(...scopePolicies),
    status: fc.constantFrom("active" as const, "disabled" as const),
    expiresAt: fc.option(time),
    ipAllowlist: fc.array(block, { maxLength: 3 }),
    accessTokenTtl: fc.option(fc.nat()),
    audience: fc.option(text),
    claims: fc.constantFrom({}, { tier: "gold" }, { é: { '"\\\0': [null, 1.5, "🔑\u0000"] } }),
  })
  .map((given) => ({ ...plainClient("any"), ...given }));

test("counts its entries, its bytes, and which look-ups it could answer", () => {
  const memory = roomy();
  assert.deepEqual([memory.entries, memory.hits, memory.misses], [0, 0, 0]);
  const before = memory.bytes;
  memory.set(digestOf("one"), { client: plainClient("one"), secret: secretOf("one") });
  memory.get(digestOf("one"));
  memory.get(digestOf("one"));
  memory.get(digestOf("other"));
  assert.deepEqual([memory.entries, memory.hits, memory.misses], [1, 2, 1]);
  assert.ok(memory.bytes > before);
});

test("memory returns what was set, and nothing that was dropped", () => {
  const action = fc.record({
    act: fc.constantFrom("set", "set", "set", "deleteClient", "clear"),
    digest: fc.nat(9).map(digestOf),
    proven: fc.record({ client, secret }),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const memory = roomy();
      const model = new Map<Uint8Array, ProvenSecret>();
      const known = new Map<string, Uint8Array>();
      for (const { act, digest: given, proven } of actions) {
        const digest = known.get(given.join()) ?? given;
        known.set(given.join(), digest);
        if (act === "set") {
          memory.set(digest, proven);
          model.set(digest, proven);
        } else if (act === "deleteClient") {
          memory.deleteClient(proven.client.clientId);
          for (const [key, other] of model) if (other.client.clientId === proven.client.clientId) model.delete(key);
        } else {
          memory.clear();
          model.clear();
        }
        for (const [key, expected] of model) assertThere(memory, key, expected);
        for (const key of known.values()) if (!model.has(key)) assert.equal(memory.get(key), undefined);
      }
    }),
    { numRuns: 200 },
  );
});

test("a client with every field set is returned each time", () => {
  const memory = roomy();
  for (const one of fullClient.secrets) memory.set(digestOf(one.secretId), { client: fullClient, secret: one });
  for (let time = 0; time < 40; time++)
    for (const one of fullClient.secrets)
      assertThere(memory, digestOf(one.secretId), { client: fullClient, secret: one });
});

test("a digest that differs in one bit of its first half is a miss", () => {
  const memory = roomy();
  const digest = digestOf("app");
  memory.set(digest, numbered("app", 1));
  for (let bit = 0; bit < 128; bit++) {
    const near = Uint8Array.from(digest, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    assert.equal(memory.get(near), undefined);
  }
});

test("setting the same state again takes no space, and another state replaces it", () => {
  const memory = new PackedClients(0, 1); // two blocks
  memory.set(digestOf("other"), numbered("other", 1));
  const [full] = fullClient.secrets;
  assert.ok(full);
  for (let time = 0; time < 20_000; time++) memory.set(digestOf("full"), { client: fullClient, secret: full });
  assertThere(memory, digestOf("other"), numbered("other", 1));
  const unused = { client: plainClient("idle"), secret: { ...secretOf("idle"), idle: { since: 1, after: 2 } } };
  const used = { ...unused, secret: { ...unused.secret, lastUse: { at: 5, from: "::1" } } };
  for (const state of [unused, used, { ...used, client: { ...used.client, status: "disabled" as const } }]) {
    memory.set(digestOf("idle"), state);
    assertThere(memory, digestOf("idle"), state);
  }
});

test("when memory is full, the entries that were set longest ago are evicted", () => {
  const memory = new PackedClients(2 ** 20, 1);
  const many = 100_000;
  const before = liveBytes();
  for (let number = 0; number < many; number++) memory.set(digestOf(number), numbered(`client-${number}`, number));
  const taken = liveBytes() - before;
  assert.ok(taken < 2.2e6, `${taken} bytes`);
  let found = 0;
  let oldest = many;
  for (let number = many - 1; number >= 0; number--) {
    if (memory.get(digestOf(number)) === undefined) continue;
    assertThere(memory, digestOf(number), numbered(`client-${number}`, number));
    found++;
    oldest = number;
  }
  assert.ok(found > 4000 && found < 20_000, String(found));
  assert.equal(many - oldest, found, "exactly the latest entries are left");
});

test("a hundred thousand secrets are found, take about a hundred bytes each, and cause no false hits", () => {
  const memory = new PackedClients(2 ** 27, 1);
  const before = liveBytes();
  for (let number = 0; number < 100_000; number++)
    memory.set(digestOf(number), numbered(`client-${Math.imul(number, 0x85ebca6b) >>> 0}`, number));
  const each = (liveBytes() - before) / 100_000;
  assert.ok(each > 50 && each < 130, `${each} bytes`);
  for (let number = 0; number < 100_000; number++)
    assert.equal(memory.get(digestOf(number))?.secret.secretId, secretIdOf(number));
  // Enough for some to have the same hash as another
  for (let number = 0; number < 300_000; number++) assert.equal(memory.get(digestOf(-1 - number)), undefined);
});

test("any number of clients without shared settings are returned", () => {
  const memory = new PackedClients(2 ** 25, 1);
  const entryOf = (number: number): ProvenSecret => ({
    client: { ...fullClient, clientId: clientIdOf(`own-${number}`), audience: `urn:${number}` },
    secret: numbered("x", number).secret,
  });
  for (let number = 0; number < 6000; number++) memory.set(digestOf(number), entryOf(number));
  for (const number of [0, 4095, 4096, 4097, 5999]) assertThere(memory, digestOf(number), entryOf(number));
});

test("only short settings are shared, so that repeated changes do not fill memory", () => {
  const memory = new PackedClients(2 ** 20, 1);
  const scopes = Array.from({ length: 300 }, (_, at) => `scope-with-a-long-name:${at}`);
  const { client: app, secret: own } = numbered("app", 1);
  const before = liveBytes();
  for (let change = 0; change < 4000; change++) {
    memory.set(digestOf("app"), { client: { ...app, scopes: [...scopes, `x${change}`] }, secret: own });
  }
  const taken = liveBytes() - before;
  assert.ok(taken < 2e6, `${taken} bytes`);
  assert.ok(memory.get(digestOf("app")) !== undefined);
});

test("an entry that cannot be packed is not cached", () => {
  const memory = roomy();
  const sound = numbered("odd", 1);
  for (const workspace of ["n".repeat(70_000), "a lone surrogate: \ud800", "the separator: \u0000"]) {
    memory.set(digestOf("odd"), sound);
    memory.set(digestOf("odd"), { ...sound, client: { ...sound.client, workspace } });
    assert.equal(memory.get(digestOf("odd")), undefined);
  }
});

const secretIdOf = (number: number): string => String(number).padStart(16, "0");

const [plainSecret] = plainClient("x").secrets;
const plain = plainClient("x");

/** A client and a secret that add no memory to the packed ones. */
function numbered(name: string, number: number): ProvenSecret {
  assert.ok(plainSecret);
  return {
    client: { ...plain, clientId: clientIdOf(name) },
    secret: { ...plainSecret, secretId: secretIdOf(number) as typeof plainSecret.secretId },
  };
}

test("what is in doubt is found only as that, until it is set again", () => {
  const memory = roomy();
  const client = plainClient("app");
  const proven = { client, secret: secretOf("app") };
  memory.set(digestOf("app"), proven);
  for (let doubts = 0; doubts < 3; doubts++) {
    memory.doubtAll();
    assert.equal(memory.get(digestOf("app")), undefined);
    const doubted = memory.getDoubted(digestOf("app")) ?? assert.fail("it is gone");
    assert.deepEqual(comparable(doubted), comparable(proven));
    memory.set(digestOf("app"), proven);
    assertThere(memory, digestOf("app"), proven);
  }
  memory.delete(digestOf("app"));
  assert.equal(memory.getDoubted(digestOf("app")), undefined);
});

test("however often memory was in doubt, an old entry does not look like a new one", () => {
  const memory = roomy();
  const client = plainClient("app");
  memory.set(digestOf("app"), { client, secret: secretOf("app") });
  for (let doubts = 1; doubts <= 600; doubts++) {
    memory.doubtAll();
    assert.equal(memory.get(digestOf("app")), undefined, `after ${doubts}`);
  }
});
