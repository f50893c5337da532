import assert from "node:assert/strict";
import { test } from "node:test";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import type { TokenRecord } from "@carnet/core/token/token-record";
import type { TokenRequestMessage } from "@carnet/core/token/token-request-message";
import { Redacted } from "@carnet/protocol/redacted";
import { byBasic, inTheBody, refusalCases, yardstick } from "./cases.ts";
import { counted, type PortCalls } from "./counted.ts";
import { newSecret, openWorld, type World } from "./world.ts";

const incomplete: Readonly<Record<string, Partial<TokenRequestMessage>>> = {
  "no credentials": { body: new Redacted("grant_type=client_credentials") },
  "no secret": { body: new Redacted("grant_type=client_credentials&client_id=somebody") },
  "Basic that is not base64": { authorization: [new Redacted("Basic ???")] },
  "Basic without a colon": { authorization: [new Redacted(`Basic ${btoa("somebody")}`)] },
  "another scheme": { authorization: [new Redacted("Digest username=somebody")] },
  "a client id that nobody can have": {
    body: new Redacted("grant_type=client_credentials&client_id=%F0%9F%91%BB&client_secret=x"),
  },
};

async function everyRefusal(world: World): Promise<Record<string, TokenRequestMessage>> {
  const messages: Record<string, TokenRequestMessage> = {};
  for (const [transport, send] of Object.entries({ "in the body": inTheBody, "by Basic": byBasic })) {
    for (const [name, { request }] of Object.entries(await refusalCases(world, send))) {
      if (name !== yardstick) messages[`${name}, ${transport}`] = request();
    }
  }
  // Not among the cases whose time is compared: each further secret is one more row to read
  const [many] = await world.populate("with ten secrets", 1);
  assert.ok(many);
  messages["wrong secret of a client with ten, in the body"] = inTheBody({ ...many, secret: newSecret() });
  const blank = byBasic({ clientId: "", secret: "" });
  for (const [name, parts] of Object.entries(incomplete)) messages[name] = { ...blank, authorization: [], ...parts };
  return messages;
}

/** A comparison in memory, one with what the store says, and one after each slow hash. */
const callsOf = ({ readings, slowHash }: { readings: number; slowHash: 0 | 1 }): PortCalls => ({
  reading: readings,
  fastHash: readings,
  slowHash: readings * slowHash,
  comparison: readings * (2 + slowHash),
  record: 1,
});

test("sends each refusal out by the same ports, equally often", async () => {
  await using world = await openWorld();
  for (const [name, message] of Object.entries(await everyRefusal(world))) {
    const { ports, calls } = counted(world.ports, world.store);
    for (const memory of ["cold", "warm"]) {
      const before = { ...calls };
      assert.equal((await answerTokenRequest(message, ports)).status, 401, name);
      assert.deepEqual(difference(calls, before), callsOf({ readings: 1, slowHash: 0 }), `${name}, memory ${memory}`);
    }
  }
});

/** What the operator reads: that each case is what it is called. */
const reasons: Readonly<Record<string, string>> = {
  "wrong secret": "wrong_secret",
  "unknown client": "unknown_client",
  "disabled client": "client_disabled",
  "expired client": "client_expired",
  "expired secret": "secret_expired",
  "revoked secret": "secret_revoked",
  "secret that is not valid yet": "secret_pending",
  "secret that was idle": "secret_idle",
  "wrong secret of a client with ten": "wrong_secret",
  "wrong address": "address_not_allowed",
};

test("tells the operator each refusal by its reason, however alike they are to the caller", async () => {
  await using world = await openWorld();
  const messages = await everyRefusal(world);
  for (const [name, reason] of Object.entries(reasons)) {
    const records: TokenRecord[] = [];
    const recorder = { record: (record: TokenRecord) => void records.push(record) };
    const message = messages[`${name}, in the body`] ?? assert.fail(name);
    await answerTokenRequest(message, { ...world.ports, recorder });
    assert.deepEqual(
      records.map((record) => record.event === "token_refused" && record.reason),
      [reason],
      name,
    );
  }
});

test("finds a client with ten secrets no dearer to let in than one with a single secret", async () => {
  await using world = await openWorld();
  for (const kind of ["plain", "with ten secrets"] as const) {
    const [caller] = await world.populate(kind, 1);
    assert.ok(caller);
    const { ports, calls } = counted(world.ports, world.store);
    await answerTokenRequest(inTheBody(caller), ports);
    const before = { ...calls };
    assert.equal((await answerTokenRequest(inTheBody(caller), ports)).status, 200);
    const once = { reading: 0, fastHash: 1, slowHash: 0, comparison: 1, record: 1 };
    assert.deepEqual(difference(calls, before), once, kind);
  }
});

test("makes one slow hash for each refusal once anybody's secret is slow-hashed", async () => {
  await using world = await openWorld({ concurrency: 2, queue: 64 });
  const human = await world.register({ secret: { value: new Redacted("hunter2") } });
  const all = await everyRefusal(world);
  const some = ["wrong secret, in the body", "unknown client, by Basic", "disabled client, by Basic", "no credentials"];
  const messages = some.map((name) => ({ name, message: all[name] ?? assert.fail(name) }));
  messages.push({ name: "wrong slow-hashed secret", message: inTheBody({ ...human, secret: "hunter3" }) });
  for (const { name, message } of messages) {
    const { ports, calls } = counted(world.ports, world.store);
    assert.equal((await answerTokenRequest(message, ports)).status, 401, name);
    assert.deepEqual(calls, callsOf({ readings: 1, slowHash: 1 }), name);
  }
});

function difference(now: PortCalls, before: PortCalls): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => [name, count - before[name as keyof PortCalls]]),
  );
}

test("sends the two readings of a Basic header out twice, for a known client and an unknown one alike", async () => {
  await using world = await openWorld();
  await world.register({ secret: { value: new Redacted("hunter2") } });
  const known = await world.register({});
  for (const clientId of [known.clientId, "nobody"]) {
    const { ports, calls } = counted(world.ports, world.store);
    await answerTokenRequest(byBasic({ clientId, secret: "a+secret+with%20two+readings" }), ports);
    assert.deepEqual(calls, callsOf({ readings: 2, slowHash: 1 }));
  }
});
