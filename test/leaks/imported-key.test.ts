// A private key that is imported is in no answer, log line, event, metric or file, except encrypted in the store.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { eventQuery } from "@carnet/testkit/sample-events";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi } from "../support/admin-api.ts";
import { PlantedSecrets } from "./planted.ts";

const pem = { type: "pkcs8", format: "pem" } as const;

test("an imported private key leaves the store by no way, whether it is accepted or refused", async () => {
  await using service = await startTestService({ settings: { logLevel: "trace" } });
  const api = await AdminApi.of(service);
  const planted = new PlantedSecrets();
  const plantedKey = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = privateKey.export({ format: "jwk" });
    planted.text("the private member", jwk.d ?? "");
    planted.bytes("the private key", Buffer.from(jwk.d ?? "", "base64url"));
    return { jwk, text: privateKey.export(pem).toString() };
  };
  const [accepted, known, unfit, broken, member, encrypted] = Array.from({ length: 6 }, plantedKey);
  const send = async (status: number, body: object) => {
    const { text } = await api.expect(status, "POST", "/keys/import", { body });
    planted.assertAbsent(text, `The answer ${status}`);
  };
  await send(201, { private_key: accepted?.text });
  await send(409, { private_key: known?.text });
  await send(422, { private_key: JSON.stringify({ ...unfit?.jwk, alg: "RS256" }) });
  await send(422, { private_key: JSON.stringify(broken?.jwk).slice(0, -3) });
  await send(422, { private_key: member?.jwk });
  await send(422, { private_key: "", algorithm: encrypted?.text });
  const raw = await api.expect(400, "POST", "/keys/import", { raw: `{"private_key": x${broken?.text}` });
  planted.assertAbsent(raw.text, "The answer to malformed JSON");
  planted.assertAbsent((await api.expect(200, "GET", "/keys")).text, "The list of keys");
  planted.assertAbsent(await (await fetch(`${service.url}/oauth2/jwks`)).text(), "JWKS");
  planted.assertAbsent(inspect(service.server.keys, { depth: 10, showHidden: true }), "The key ring");
  const events = await service.server.registry.events.search(eventQuery());
  assert.ok(events.some(({ event }) => event === "key_imported"));
  planted.assertAbsent(JSON.stringify(events), "The events");
  planted.assertAbsent(service.log.join(""), "The log");
  for (const entry of readdirSync(service.folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) planted.assertAbsent(readFileSync(join(entry.parentPath, entry.name)), entry.name);
});
