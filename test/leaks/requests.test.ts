import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import fc from "fast-check";
import { plantKeys } from "./plant-keys.ts";
import { PlantedSecrets } from "./planted.ts";
import { exchange, httpRequest } from "./raw-request.ts";
import { damagedRequest, places } from "./requests-with-secrets.ts";

const newSecret = () =>
  randomBytes(48)
    .toString("base64")
    .replace(/[^A-Za-z]/g, "")
    .slice(0, 32);

/** The log and the journal as they are on disk. */
const recordsOf = (service: TestService): string => {
  const journal = join(service.folder, "journal");
  return [...service.log, ...readdirSync(journal).map((name) => readFileSync(join(journal, name), "utf8"))].join("");
};

const trace = { logLevel: "trace" } as const;

test("shows no secret in a response, the log or the journal, for any place in a request", async () => {
  await using service = await startTestService({ settings: trace });
  const planted = new PlantedSecrets();
  for (const [place, request] of Object.entries(places)) {
    const answer = await exchange(service.url, request(planted.text(place, newSecret())));
    assert.match(answer, /^HTTP\/1\.1 [2-5]\d\d /, place);
    planted.assertAbsent(answer, `The response to a secret in ${place}`);
  }
  assert.ok(service.journal().length >= 20, "the journal has too few records");
  planted.assertAbsent(recordsOf(service), "The log or the journal");
});

test("shows no secret in a response, the log or the journal, for any damage to the request around it", async () => {
  await using service = await startTestService({ settings: trace });
  const planted = new PlantedSecrets();
  const secret = planted.text("the secret", newSecret());
  await fc.assert(
    fc.asyncProperty(damagedRequest(secret), async (request) => {
      planted.assertAbsent(await exchange(service.url, request, 30), "The response");
    }),
    { numRuns: 400 },
  );
  planted.assertAbsent(recordsOf(service), "The log or the journal");
});

test("shows no token that is revoked, whole or damaged, in a response, the log, the journal or the store", async () => {
  await using service = await startTestService({ settings: trace });
  const planted = new PlantedSecrets();
  const issued = await issueTokens(service, planted);
  const { clientId, clientSecret } = service.server.bootstrapAdmin ?? assert.fail();
  const form = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret.reveal()}`;
  const answer = await exchange(service.url, httpRequest({ body: form }));
  const authorization = `Bearer ${JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))).access_token}`;
  const revoke = (body: string) => {
    const headers = { "Content-Type": "application/json", Authorization: authorization };
    return exchange(service.url, httpRequest({ target: "/admin/v1/revocations", headers, body }));
  };
  for (const { token } of issued) {
    planted.text("the token", token.slice(token.lastIndexOf(".") + 1));
    planted.text("the token's claims", token.slice(-300, -90));
    for (const [body, status] of [
      [JSON.stringify({ token }), 201],
      [JSON.stringify({ token }), 201], // it is revoked already
      [JSON.stringify({ token: `${token}x` }), 201],
      [JSON.stringify({ token, client_id: "app" }), 422],
      [JSON.stringify({ token: [token] }), 422],
      [JSON.stringify({ [token]: 1 }), 422],
      [JSON.stringify({ client_id: token }), 404],
      [JSON.stringify({ client_id: clientId, secret_id: token }), 404],
      [JSON.stringify({ issued_before: token }), 422],
      [`{"token":${token}}`, 400],
      [`{"token":"${token}`, 400],
      [token, 400],
    ] as const) {
      const revoked = await revoke(body);
      assert.equal(Number(revoked.split(" ")[1]), status, body.replace(token, "TOKEN"));
      // The pointer of a problem repeats the name of the member that the caller sent
      if (!body.startsWith(`{"${token}`)) planted.assertAbsent(revoked, "The response to a revocation");
    }
  }
  planted.assertAbsent(recordsOf(service), "The log or the journal");
  for (const name of (await readdir(service.folder)).filter((file) => file.startsWith("carnet.db")))
    planted.assertAbsent(await readFile(join(service.folder, name)), name);
});

interface Issued {
  readonly secret: string;
  readonly token: string;
}

/** Gets a token with each kind of secret, and a refusal too. */
async function issueTokens(service: TestService, planted: PlantedSecrets): Promise<Issued[]> {
  const imported = planted.text("the imported secret", newSecret());
  const issued: Issued[] = [];
  for (const registration of [{}, { client_secret: imported }]) {
    const { clientId, clientSecret } = await service.register({ scope: "file:read", ...registration });
    // The prefix and the secret id are not secret. The log contains the id
    if (!("client_secret" in registration)) planted.text("the generated secret", clientSecret.slice(24));
    const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
    for (const scope of ["", "&scope=file:write"]) {
      const answer = await exchange(service.url, httpRequest({ body: body + scope }));
      assert.match(answer, scope === "" ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 400 /);
      const token: string = scope === "" ? JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))).access_token : "";
      planted.assertAbsent(token === "" ? answer : answer.replace(token, ""), "The response");
      if (token !== "") issued.push({ secret: clientSecret, token });
    }
  }
  return issued;
}

test("stores no secret, token, pepper or private key in plain text in its files or the log", async () => {
  await using service = await startTestService({ settings: trace });
  const planted = new PlantedSecrets();
  const issued = await issueTokens(service, planted);
  assert.equal(issued.length, 2);
  // Header and claims are not secret in themselves. The signature must not appear
  for (const { token } of issued) planted.text("the token", token.slice(token.lastIndexOf(".") + 1));
  for (const { token } of issued) planted.text("the token's claims", token.slice(-300, -90));
  const masterKey = Buffer.from(await readFile(join(service.folder, "master.key"), "utf8"), "base64");
  await plantKeys(join(service.folder, "carnet.db"), masterKey, planted);
  const admin = service.server.bootstrapAdmin;
  assert.ok(admin);
  planted.text("the admin's secret", admin.clientSecret.reveal().slice(24));
  // These two files are meant to contain the master key and the secret of the admin
  const meant = ["master.key", "admin.json"];
  const files = (await readdir(service.folder)).filter((name) => !meant.includes(name) && name !== "journal");
  assert.deepEqual(files.sort(), ["carnet.db", "carnet.db-shm", "carnet.db-wal"]);
  for (const name of files) planted.assertAbsent(await readFile(join(service.folder, name)), name);
  planted.assertAbsent(recordsOf(service), "The log or the journal");
  const seen = planted.findIn(`${issued.map(({ secret, token }) => secret + token).join()}`);
  assert.ok(new Set(seen.map(({ secret }) => secret)).size >= 4, "the search must find the planted secrets");
});
