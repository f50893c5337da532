import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { startTestService } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { decodeJwt } from "jose";

/** The key and the secrets of `test/fixtures/store-b33f3c3.sql`, all made for this test. */
const masterKey = "9rkTGKeh0vtMNU0FDfzRUR22kjYGgXleabYKDJs2mjk=";
const secrets = {
  generated: "carnet_g63jg92k2hhxpx5h_yzRMiJrAndeoNUQPyb3x034JHVnTJ3JLqOdFdxJCEiI_3HzjM4",
  imported: "an-imported-secret-0123456789",
  person: "short-secret",
  disabled: "the-secret-of-a-disabled-client",
  "carnet-admin": "carnet_gta287d1evj7lh6x_vp2CmcCk6OEQFI7eCLUIWVdNiuhiMhWzHTFP3aOrMWR_0MkNs0",
} as const;

test("a store of the version before opens; its secrets work, except those under a slow hash, which are named", async () => {
  await using folder = await temporaryFolder();
  const database = new DatabaseSync(folder.file("carnet.db"));
  database.exec(readFileSync(new URL("../fixtures/store-b33f3c3.sql", import.meta.url), "utf8"));
  // A deleted secret, whose bytes an earlier version did not overwrite, on pages that no migration writes again
  const row = database.prepare(
    "insert into client_secrets (secret_id, client_id, place, kind, digest, salt, label, prefix, created_at) " +
      "values ('gone' || ?1, 'imported', ?1, 'imported', 'digest' || ?1, '', 'gone', 'an-i', 0)",
  );
  for (let place = 100; place < 400; place++) row.run(place);
  database.exec("delete from client_secrets where label = 'gone'");
  database.close();
  // A label and the first four characters of an imported secret, as they lie in the file
  const starts = ["oldan-i", "gonean-i"];
  const startsInFile = () => starts.filter((start) => readFileSync(folder.file("carnet.db")).includes(start));
  assert.deepEqual(startsInFile(), starts);
  chmodSync(folder.file("carnet.db"), 0o600);
  writeFileSync(folder.file("master.key"), `${masterKey}\n`, { mode: 0o600 });
  await using cleanup = new AsyncDisposableStack();
  const service = cleanup.use(await startTestService({ settings: { dataDir: folder.path } }));

  const statuses: Record<string, number> = {};
  for (const [id, secret] of Object.entries(secrets)) {
    const answer = await requestToken(service.url, id, secret);
    statuses[id] = answer.status;
  }
  assert.deepEqual(statuses, { generated: 200, imported: 200, person: 401, disabled: 401, "carnet-admin": 200 });

  const warning = service.log.map((line) => JSON.parse(line)).find(({ event }) => event === "secrets_unsupported");
  assert.deepEqual([warning?.clients, warning?.clientIds], [1, ["person"]]);
  assert.match(warning.detail, /carnet secret rotate/);

  const token = await (await requestToken(service.url, "generated", secrets.generated)).json();
  const claims = decodeJwt(token.access_token);
  assert.equal(claims["arid"], Buffer.from("Workspace\x1fQWNjb3VudB82Nzg").toString("base64url"));
  assert.equal(token.scope, "file:read file:write");
  const sealed = new DatabaseSync(folder.file("carnet.db"), { readOnly: true })
    .prepare("select sealed as value from peppers union all select sealed_private_key from signing_keys")
    .all()
    .map(({ value }) => Buffer.from(value as Uint8Array).toString("hex"));
  for (const value of sealed) assert.match(value, /^02/, "a value is not sealed again under a data key");
  assert.equal(sealed.length, 2);

  const handles = new DatabaseSync(folder.file("carnet.db"), { readOnly: true })
    .prepare("select handle from clients union all select handle from client_secrets")
    .all()
    .map(({ handle }) => String(handle));
  for (const handle of handles) assert.match(handle, /^[\w-]{11}$/);
  assert.equal(new Set(handles).size, handles.length, "no two handles are equal");
  assert.ok(handles.includes(String(claims["rvk"]).split(",")[0] ?? ""));

  const admin = await (await requestToken(service.url, "carnet-admin", secrets["carnet-admin"])).json();
  const headers = { Authorization: `Bearer ${admin.access_token}` };
  const listed = await (await fetch(`${service.url}/admin/v1/clients`, { headers })).json();
  const prefixes = listed.clients.flatMap(({ secrets: own }: { secrets: { prefix: string | null }[] }) =>
    own.map(({ prefix }) => prefix),
  );
  assert.deepEqual(prefixes, ["carnet_gta287d1evj7lh6x_", null, "carnet_g63jg92k2hhxpx5h_", null, null]);

  const states = Object.fromEntries(
    listed.clients.map(({ client_id, secrets: own }: { client_id: string; secrets: { state: string }[] }) => [
      client_id,
      own.map(({ state }) => state),
    ]),
  );
  assert.deepEqual(states, {
    "carnet-admin": ["active"],
    disabled: ["active"],
    generated: ["active"],
    imported: ["active"],
    person: ["unsupported"],
  });

  const { stdout } = await runCarnet(["client", "list"], {
    env: {
      CARNET_SERVER_URL: service.url,
      CARNET_ADMIN_CLIENT_ID: "carnet-admin",
      CARNET_ADMIN_CLIENT_SECRET: secrets["carnet-admin"],
    },
  });
  assert.match(
    stdout,
    /Secrets under a slow hash are no longer accepted: person\. Rotate them with `carnet secret rotate/,
  );

  const rotated = await fetch(`${service.url}/admin/v1/clients/person/secrets/rotate`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: "{}",
  });
  assert.equal(rotated.status, 201);
  assert.equal((await requestToken(service.url, "person", (await rotated.json()).client_secret)).status, 200);

  await cleanup.disposeAsync();
  assert.deepEqual(startsInFile(), [], "the first four characters of an imported secret are still in the file");
});
