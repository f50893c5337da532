import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Agent, type RequestOptions, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { revoke } from "@carnet/core/admin/revoke-tokens";
import { authenticateClient } from "@carnet/core/token/authenticate-client";
import { mint } from "@carnet/core/token/mint";
import { parseTokenRequest } from "@carnet/core/token/parse-token-request";
import { answerTokenRequest } from "@carnet/core/token/token-endpoint";
import { Redacted } from "@carnet/protocol/redacted";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { loadConfiguration } from "@carnet/server/configuration/load-configuration";
import { createMasterKey } from "@carnet/server/crypto/sealer";
import { exportPrivateKey, generateSigningKey, importSigningKey } from "@carnet/server/crypto/signing-key";
import { buildApp } from "@carnet/server/http/app";
import { createLog } from "@carnet/server/log/logger";
import { DataKeys } from "@carnet/server/store/sql/data-keys";
import { openSealedKeys } from "@carnet/server/store/sql/sealed-keys";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { adminPortsOf } from "@carnet/testkit/admin-ports";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { httpPortsOf } from "@carnet/testkit/http-ports";
import { TestEndpoint } from "@carnet/testkit/test-endpoint";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { decodeProtectedHeader } from "jose";
import { audienceOf, startWithAllAlgorithms } from "../support/signing-algorithms.ts";
import { plantKeys } from "./plant-keys.ts";
import { PlantedSecrets } from "./planted.ts";
import { byBasic, inTheBody, openTokenWorld } from "./token-world.ts";

/** Everything that inspecting, serialising or stringifying a value can show, at any depth. */
function shown(value: unknown): string {
  const seen = new Set<unknown>();
  const withoutCycles = (_key: string, part: unknown) => {
    if (typeof part === "bigint") return String(part);
    if (typeof part !== "object" || part === null) return part;
    if (seen.has(part)) return undefined;
    seen.add(part);
    return part;
  };
  const whole = { depth: Infinity, maxArrayLength: null, maxStringLength: null } as const;
  return [
    inspect(value, { ...whole, showHidden: true }),
    JSON.stringify(value, withoutCycles) ?? "",
    String(Object.prototype.toString.call(value)),
  ].join("\n");
}

function assertHidden(planted: PlantedSecrets, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) planted.assertAbsent(shown(value), name);
}

const clock = new FixedClock("2026-06-01T00:00:00Z");

test("shows no secret and no token in any object made from a token request", async () => {
  await using world = await openTokenWorld();
  const planted = new PlantedSecrets();
  const imported = planted.text("the imported secret", randomBytes(18).toString("base64url"));
  const generated = await world.register({ workspace: "workspace" });
  const existing = await world.register({ secret: { value: new Redacted(imported) } });
  planted.text("the generated secret", generated.secret.slice(24));
  const at = { now: clock.now(), sunsetAt: Infinity };
  for (const client of [generated, existing]) {
    for (const send of [inTheBody, byBasic]) {
      const message = send(client);
      const parsed = parseTokenRequest(message, at);
      assert.ok(parsed.ok && parsed.value.kind === "exchange");
      const from = { address: message.address, now: at.now };
      const caller = await authenticateClient(parsed.value.credentials, from, world.ports);
      assert.ok(caller.ok);
      const minted = await mint({ ...caller.value, scopes: ["file:read"] }, at.now, world.ports);
      planted.text("the token", minted.accessToken.reveal().slice(-86));
      const answer = await answerTokenRequest(message, world.ports);
      planted.text("another token", JSON.parse(answer.body.reveal()).access_token.slice(-86));
      const refused = await answerTokenRequest(send({ ...client, clientId: "nobody" }), world.ports);
      assertHidden(planted, { message, parsed, caller, minted, answer, refused, ports: world.ports });
    }
  }
});

test("shows no token in what becomes of a call that revokes it", async () => {
  const endpoint = new TestEndpoint();
  const { generatedSecret } = await endpoint.register({ client_id: "app", scope: "a" });
  const secret = generatedSecret?.reveal() ?? "";
  const { body } = await endpoint.post({ client_id: "app", client_secret: secret });
  const planted = new PlantedSecrets();
  const token = new Redacted(planted.text("the token", String(body["access_token"])));
  const ports = adminPortsOf(endpoint);
  const outcomes = [await revoke({ token }, ports), await revoke({ token, client_id: "app" }, ports)];
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, false],
  );
  assertHidden(planted, { token, outcomes, revocations: endpoint.revocations, events: endpoint.storedEvents });
});

test("shows no master key in a configuration", () => {
  const planted = new PlantedSecrets();
  const key = randomBytes(32);
  planted.bytes("the master key", key);
  const environment = { CARNET_MASTER_KEY: key.toString("base64") };
  const configuration = loadConfiguration({ mode: "dev", flags: {}, environment, file: undefined });
  assert.ok(configuration.masterKey?.export().equals(key));
  assertHidden(planted, { configuration });
});

test("shows no master key, data key, pepper or private key of any algorithm in the opened store and in the service", async () => {
  await using service = await startWithAllAlgorithms(new FixedClock("2026-06-01T00:00:00Z"));
  const masterKey = Buffer.from(await readFile(join(service.folder, "master.key"), "utf8"), "base64");
  const planted = new PlantedSecrets();
  await plantKeys(join(service.folder, "carnet.db"), masterKey, planted);
  const db = await openSqlite(join(service.folder, "carnet.db"));
  const sealer = new DataKeys(db, createMasterKey(createSecretKey(masterKey)));
  const keys = await openSealedKeys(db, sealer, sqlitePorts(clock));
  const signingKeys = await storedSigningKeys(db, sealer, sqlitePorts(clock));
  assert.deepEqual(signingKeys.map(({ algorithm }) => algorithm).toSorted(), signingAlgorithmNames.toSorted());
  for (const { algorithm } of signingKeys) {
    const { token } = await service.server.keys.sign({}, "at+jwt", audienceOf(algorithm));
    assert.equal(decodeProtectedHeader(token).alg, algorithm);
  }
  assertHidden(planted, { keys, sealer, db, signingKeys, "the service": service.server });
  for (const line of service.log) planted.assertAbsent(line, "The log");
  planted.assertAbsent(JSON.stringify(service.journal()), "The journal");
  for (const path of ["/oauth2/jwks", "/.well-known/oauth-authorization-server", "/oauth2/revocations"])
    planted.assertAbsent(await (await fetch(service.url + path)).text(), path);
  await db.destroy();
});

test("shows no private key of any algorithm when it cannot be imported", async () => {
  for (const algorithm of signingAlgorithmNames) {
    const planted = new PlantedSecrets();
    const key = await generateSigningKey(algorithm);
    planted.key(key);
    const der = exportPrivateKey(key);
    for (const damaged of [der.subarray(0, -1), Buffer.concat([der.subarray(1), der])]) {
      const failure = await (async () => importSigningKey(algorithm, damaged))().catch((error: unknown) => error);
      assert.ok(failure instanceof Error, algorithm);
      assertHidden(planted, { failure });
    }
  }
});

test("shows no secret in the HTTP server between the requests of an open connection", async () => {
  await using world = await openTokenWorld();
  const log: string[] = [];
  const written = createLog("trace", { write: (line) => void log.push(line) });
  await using app = buildApp(httpPortsOf(world, { log: written }));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const planted = new PlantedSecrets();
  const client = await world.register({});
  planted.text("the client's secret", client.secret.slice(24));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const inHeader = { ...headers, Authorization: `Basic ${btoa(`${client.clientId}:${client.secret}`)}` };
  const form = "grant_type=client_credentials";
  for (const [sent, body] of [
    [inHeader, form],
    [headers, `${form}&client_id=${client.clientId}&client_secret=${client.secret}`],
  ] as const) {
    planted.text("the token", await post(url, { agent, headers: sent }, body));
    assertHidden(planted, { app });
  }
  agent.destroy();
});

const post = (url: string, options: RequestOptions, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(`${url}/oauth2/token`, { ...options, method: "POST" });
    sent.on("error", reject).on("response", async (response) => {
      const answer = JSON.parse((await response.setEncoding("utf8").toArray()).join(""));
      resolve(answer.access_token.slice(-86));
    });
    sent.end(body);
  });
