import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "@carnet/core/client/client";
import { scopePolicies } from "@carnet/core/client/client";
import { secretKinds } from "@carnet/core/client/client-secret";
import type { TokenClient } from "@carnet/core/client/token-client";
import { parseAddress, parseCidr } from "@carnet/protocol/cidr";
import { parseSecretId } from "@carnet/protocol/ids";
import { PackedClients } from "@carnet/server/memory/packed-clients";
import { liveBytes } from "@carnet/testkit/live-bytes";
import { clientIdOf, fullClient, plainClient, secretOf } from "@carnet/testkit/sample-clients";
import fc from "fast-check";

const roomy = () => new PackedClients(2 ** 24, 1);

/** What a token request has to know: no more comes back. */
const kept = ({ secrets, ...client }: TokenClient) => ({
  clientId: client.clientId,
  workspace: client.workspace,
  scopes: client.scopes,
  scopePolicy: client.scopePolicy,
  status: client.status,
  expiresAt: client.expiresAt,
  ipAllowlist: client.ipAllowlist.map((one) => one.text),
  tokenEndpointAuthMethod: client.tokenEndpointAuthMethod,
  accessTokenTtl: client.accessTokenTtl,
  audience: client.audience,
  createdAt: client.createdAt,
  secrets: secrets.map((one) => ({
    secretId: one.secretId,
    kind: one.kind,
    digest: [...one.digest],
    salt: [...one.salt],
    notBefore: one.notBefore,
    expiresAt: one.expiresAt,
    idle: one.idle,
    revokedAt: one.revokedAt,
    usedAt: one.idle === null ? null : (one.lastUse?.at ?? null),
  })),
});

function assertThere(memory: PackedClients, client: Client): void {
  const found = memory.get(client.clientId);
  assert.ok(found !== undefined, client.clientId);
  assert.deepEqual(kept(found), kept(client));
  for (const [at, one] of found.ipAllowlist.entries()) {
    const address = parseAddress("203.0.113.7");
    assert.ok(address !== undefined);
    assert.equal(one.contains(address), client.ipAllowlist[at]?.contains(address));
  }
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "🔑", "\u0000", '"', "\\", "__proto__"), maxLength: 5 });
const time = fc.integer({ min: 0, max: 2 ** 50 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const block = fc.constantFrom("203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8").map((given) => {
  const parsed = parseCidr(given);
  assert.ok(parsed.ok);
  return parsed.value;
});
const secret = fc
  .record({
    label: fc.option(text),
    kind: fc.constantFrom(...secretKinds),
    digest: bytes(32),
    salt: fc.oneof(bytes(0), bytes(16)),
    createdAt: time,
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
    createdAt: time,
    secrets: fc.array(secret, { maxLength: 3 }),
  })
  .map((given): Client => ({ ...plainClient("any"), ...given }));

test("packed clients come back as they were kept, and only those that were kept and not forgotten", () => {
  const action = fc.record({
    act: fc.constantFrom("keep", "keep", "keep", "keep nobody", "forget", "forget all"),
    client,
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const memory = roomy();
      const model = new Map<string, Client>();
      actions.forEach(({ act, client: given }, version) => {
        const next = { ...given, version };
        if (act === "keep") {
          memory.keep(next);
          model.set(next.clientId, next);
        } else if (act === "forget" || act === "keep nobody") {
          if (act === "forget") memory.forget(next.clientId);
          else memory.keepNobody(next.clientId, fullClient);
          model.delete(next.clientId);
        } else {
          memory.forgetAll();
          model.clear();
        }
        for (const one of model.values()) assertThere(memory, one);
        if (!model.has(next.clientId)) assert.equal(memory.get(next.clientId), undefined);
      });
    }),
    { numRuns: 200 },
  );
});

test("a packed client with everything that a client can have comes back, each time that it is asked for", () => {
  const memory = roomy();
  memory.keep(fullClient);
  for (let time = 0; time < 40; time++) assertThere(memory, fullClient);
});

test("a client that is kept again in the same state takes no further room, and one in another replaces it", () => {
  const memory = new PackedClients(0, 1); // two blocks
  const other = plainClient("other");
  memory.keep(other);
  const used = { ...numbered("used", 1), secrets: [{ ...secretOf("used"), lastUse: { at: 5, from: "::1" } }] };
  for (let time = 0; time < 20_000; time++) memory.keep(time % 2 === 0 ? fullClient : used);
  assertThere(memory, other);
  const idle = { since: 1, after: 2 };
  const unused = { ...plainClient("idle"), secrets: [{ ...secretOf("idle"), idle }] };
  const later = { ...unused, secrets: unused.secrets.map((one) => ({ ...one, lastUse: { at: 5, from: "::1" } })) };
  for (const state of [unused, later, { ...later, createdAt: 9 }, { ...later, status: "disabled" as const }]) {
    memory.keep(state);
    assertThere(memory, state);
  }
});

test("what is read in place of strangers drives out nobody", () => {
  const memory = new PackedClients(0, 1);
  memory.keep(fullClient);
  for (let number = 0; number < 20_000; number++)
    memory.keepNobody(clientIdOf(`stranger-${number}`), numbered(`stand-in-${number}`, number));
  assertThere(memory, fullClient);
  assert.equal(memory.get(clientIdOf("stranger-7")), undefined);
  assert.equal(memory.get(clientIdOf("stand-in-7")), undefined);
});

test("where there is no more room, the clients that were read longest ago give way", () => {
  const memory = new PackedClients(2 ** 20, 1);
  const clientOf = (number: number) => numbered(`client-${number}`, number);
  const many = 100_000;
  const before = liveBytes();
  for (let number = 0; number < many; number++) memory.keep(clientOf(number));
  const taken = liveBytes() - before;
  assert.ok(taken < 2.2e6, `${taken} bytes, with what it takes to find them`);
  let found = 0;
  let oldest = many;
  for (let number = many - 1; number >= 0; number--) {
    if (memory.get(clientOf(number).clientId) === undefined) continue;
    assertThere(memory, clientOf(number));
    found++;
    oldest = number;
  }
  assert.ok(found > 4000 && found < 20_000, String(found));
  assert.equal(many - oldest, found, "the last ones, without a gap");
  assertThere(memory, clientOf(many - 1));
});

test("a hundred thousand clients are each found, in some hundred bytes each, and no other is found for them", () => {
  const memory = new PackedClients(2 ** 27, 1);
  const clientOf = (number: number) => numbered(`client-${Math.imul(number, 0x85ebca6b) >>> 0}`, number);
  const before = liveBytes();
  for (let number = 0; number < 100_000; number++) memory.keep(clientOf(number));
  const each = (liveBytes() - before) / 100_000;
  assert.ok(each > 50 && each < 115, `${each} bytes`);
  for (let number = 0; number < 100_000; number++) {
    assert.equal(memory.get(clientOf(number).clientId)?.createdAt, number);
  }
  // So many that some have the hash of another
  for (let number = 0; number < 500_000; number++) {
    assert.equal(memory.get(clientIdOf(`nobody-${Math.imul(number, 0x9e3779b1) >>> 0}`)), undefined);
  }
});

test("clients that have nothing alike come back too, however many there are", () => {
  const memory = new PackedClients(2 ** 25, 1);
  const clientOf = (number: number): Client => ({ ...fullClient, ...idOf(number), audience: `urn:${number}` });
  const idOf = (number: number) => ({ clientId: clientIdOf(`own-${number}`) });
  for (let number = 0; number < 6000; number++) memory.keep(clientOf(number));
  for (const number of [0, 4095, 4096, 4097, 5999]) assertThere(memory, clientOf(number));
});

test("what clients have alike is kept once only while it is small, so that changes over and over fill no memory", () => {
  const memory = new PackedClients(2 ** 20, 1);
  const scopes = Array.from({ length: 300 }, (_, at) => `scope-with-a-long-name:${at}`);
  const before = liveBytes();
  for (let change = 0; change < 4000; change++) {
    memory.keep({ ...plainClient("app"), scopes: [...scopes, `x${change}`] });
  }
  const taken = liveBytes() - before;
  assert.ok(taken < 2e6, `${taken} bytes`);
  assert.ok(memory.get(clientIdOf("app")) !== undefined);
});

test("a client that cannot be packed is kept as it is", () => {
  const memory = roomy();
  const many = { ...secretOf("x"), digest: new Uint8Array(300).fill(7) };
  for (const changes of [
    { workspace: "n".repeat(70_000) },
    { workspace: "half a pair: \ud800" },
    { secrets: [many] },
    { secrets: Array.from({ length: 70_000 }, () => many) },
  ]) {
    const odd = { ...plainClient("odd"), ...changes };
    memory.keep(plainClient("odd"));
    memory.keep(odd);
    assertThere(memory, odd);
    memory.forget(odd.clientId);
    assert.equal(memory.get(odd.clientId), undefined);
  }
});

/** A client with one secret, made without a list of those that were. */
function numbered(name: string, number: number): Client {
  const secretId = parseSecretId(String(number).padStart(16, "0"));
  assert.ok(secretId.ok);
  const digest = new Uint8Array(32).fill(number % 256);
  return {
    ...plainClient("x"),
    clientId: clientIdOf(name),
    createdAt: number,
    secrets: [{ ...secretOf("x"), secretId: secretId.value, digest, createdAt: number }],
  };
}
