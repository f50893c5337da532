import assert from "node:assert/strict";
import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi } from "../support/admin-api.ts";

/** Opens values as docs/reference/sealed-values.md says, without any code of the service. */
function openerOf(database: DatabaseSync, master: Buffer) {
  const derive = (info: string, length: number) => Buffer.from(hkdfSync("sha256", master, "", info, length));
  const decrypt = (key: Buffer, bytes: Buffer, context: string): Buffer => {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  };
  const masterId = derive("carnet/master-key-id/v1", 8).toString("hex");
  const rows = database.prepare("select * from data_keys where master_key_id = ?").all(masterId);
  const dataKeys = rows.map(({ data_key_id: id, wrapped }): [string, Buffer] => {
    const context = `data-key/${id}/${masterId}`;
    return [String(id), decrypt(derive("carnet/wrap/v1", 32), Buffer.from(wrapped as Uint8Array), context)];
  });
  return (value: unknown, context: string): Buffer => {
    const bytes = Buffer.from(value as Uint8Array);
    assert.equal(bytes[0], 2);
    const dataKey = new Map(dataKeys).get(bytes.subarray(1, 9).toString("hex")) ?? assert.fail("unknown data key");
    return decrypt(dataKey, bytes.subarray(9), context);
  };
}

test("a store can be read by the documented format alone: peppers, private keys, kept answers and digests", async () => {
  await using service = await startTestService();
  const api = await AdminApi.of(service);
  const headers = { "idempotency-key": "one" };
  const made = await api.expect(201, "POST", "/clients", { body: { client_id: "app", scope: "file:read" }, headers });
  await api.expect(201, "POST", "/peppers", { body: { deadline_in: 3600 } });
  using database = new DatabaseSync(join(service.folder, "carnet.db"), { readOnly: true });
  const master = Buffer.from(readFileSync(join(service.folder, "master.key"), "utf8"), "base64");
  const open = openerOf(database, master);
  const rowsOf = (table: string) => database.prepare(`select * from ${table}`).all();

  const peppers = rowsOf("peppers").map(({ pepper_id: id, sealed }): [unknown, Buffer] => {
    const pepper = open(sealed, id === "first" ? "pepper" : `pepper/${id}`);
    assert.equal(pepper.length, 32);
    return [id, pepper];
  });
  assert.equal(peppers.length, 2);

  const [key] = rowsOf("signing_keys");
  const der = open(key?.["sealed_private_key"], `signing-key/${key?.["key_id"]}`);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const [published] = Object(await (await fetch(`${service.url}/oauth2/jwks`)).json()).keys;
  assert.ok(createPublicKey({ key: published, format: "jwk" }).equals(createPublicKey(privateKey)));

  const [answer] = rowsOf("kept_answers");
  const clientSecret = String(made.json["client_secret"]);
  assert.ok(open(answer?.["sealed"], "answer/carnet-admin/one").includes(clientSecret));

  const stored = rowsOf("client_secrets").find(({ client_id: id }) => id === "app");
  const pepper = new Map(peppers).get(stored?.["pepper"]) ?? assert.fail("unknown pepper");
  const digest = createHmac("sha256", pepper).update(`app\0${clientSecret}`).digest("hex");
  assert.equal(Buffer.from(stored?.["digest"] as Uint8Array).toString("hex"), digest);
});
