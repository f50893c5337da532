import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import type { SigningKey } from "@carnet/protocol/admin/keys";
import { type AdminWorld, pointersOf } from "./world.ts";

const pem = { type: "pkcs8", format: "pem" } as const;
const newKey = (): string => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(pem).toString();

/** The signing keys. None of these cases revokes the key of the admin token. */
export function keyCases(world: () => AdminWorld): void {
  const list = async (): Promise<readonly SigningKey[]> =>
    Object((await world().api.expect(200, "GET", "/keys")).json["keys"]);
  const stateOf = async (kid: string) => (await list()).find((key) => key.kid === kid)?.state;
  const post = async (path: string, status: number, body?: object) => {
    world().clock.advance(1000); // two keys never begin to sign at the same time
    const { json } = await world().api.expect(status, "POST", `/keys/${path}`, body && { body });
    return { key: Object(json["key"]), successor: Object(json["successor"]), json };
  };
  const published = async (): Promise<readonly object[]> =>
    Object(await (await fetch(`${world().service.url}/oauth2/jwks`)).json()).keys;
  /** Twice `CARNET_JWKS_MAX_AGE`, `CARNET_STORE_GRACE` and ten seconds, in minutes. */
  const publication = 25 + 1 / 6;
  const time = (minutes: number) => new Date(world().clock.now() + minutes * 60_000).toISOString();

  describe("signing keys", () => {
    it("are listed with their states and the public keys that JWKS has", async () => {
      const keys = await list();
      assert.deepEqual(
        keys.map(({ state, algorithm, published_until }) => [state, algorithm, published_until]),
        [["active", "ES256", null]],
      );
      assert.deepEqual(
        keys.map(({ public_jwk }) => public_jwk),
        await published(),
      );
    });

    it("are rotated after the publication time, and once at a time", async () => {
      const [first] = await list();
      const { key, successor, json } = await post("rotate", 200, {});
      assert.deepEqual([key.state, key.created_at, key.active_from], ["upcoming", time(0), time(publication)]);
      assert.deepEqual([key.published_until, Object.keys(successor), json["warnings"]], [null, [], []]);
      assert.equal((await published()).length, 2);
      const refused = await post("rotate", 409, {});
      assert.equal(refused.json["type"], "urn:carnet:problem:key_state");
      const detail = String(refused.json["detail"]);
      assert.ok(detail.includes(key.kid) && detail.includes("`carnet key rotate --algorithm ES256 --now`"), detail);
      world().clock.set(key.active_from);
      assert.equal(await stateOf(key.kid), "active");
      const old = (await list()).find(({ kid }) => kid === first?.kid);
      assert.deepEqual([old?.state, old?.published_until], ["retiring", time(24 * 60 + 1 + 2 / 60 + publication)]);
    });

    it("sign at once with `now`, with a warning that says until when who may refuse", async () => {
      const { key, json } = await post("rotate", 200, { now: true });
      assert.deepEqual([key.state, key.active_from], ["active", time(0)]);
      const [warning = "", ...others] = Object(json["warnings"]);
      assert.deepEqual(others, []);
      assert.ok(warning.includes(`refuse new tokens until ${time(5)}`), warning);
      const upcoming = (await post("rotate", 200, {})).key;
      world().clock.advance(6 * 60_000); // every verifier has read JWKS since
      const second = await post("rotate", 200, { now: true });
      assert.deepEqual([second.key.kid, second.key.state, second.json["warnings"]], [upcoming.kid, "active", []]);
    });

    it("of an algorithm that no setting names are published, with a warning that they sign nothing", async () => {
      const { key, json } = await post("rotate", 200, { algorithm: "Ed25519", now: true });
      assert.deepEqual([key.algorithm, key.state], ["Ed25519", "active"]);
      assert.match(
        Object(json["warnings"])[1],
        /^no setting of this node names Ed25519, so the key signs nothing: set /,
      );
      assert.equal((await post(`${key.kid}/retire`, 200)).key.state, "retiring");
    });

    it("are imported as PEM or JWK, and never returned", async () => {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
      const jwk = privateKey.export({ format: "jwk" });
      const { key, json } = await post("import", 201, { private_key: JSON.stringify(jwk) });
      assert.deepEqual([key.algorithm, key.state, key.active_from], ["ES384", "upcoming", time(publication)]);
      assert.ok(!JSON.stringify([json, await list()]).includes(jwk.d ?? ""));
      const again = await post("import", 409, { private_key: privateKey.export(pem).toString() });
      assert.match(String(again.json["detail"]), /has this key already/);
      await post(`${key.kid}/retire`, 200);
      const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem);
      const second = await post("import", 201, { private_key: rsa, algorithm: "PS256" });
      assert.equal(second.key.algorithm, "PS256");
      await post(`${second.key.kid}/retire`, 200);
    });

    it("that do not fit are refused, with the field", async () => {
      const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export(pem);
      for (const [body, pointer] of [
        [{ private_key: "no key" }, "/private_key"],
        [{ private_key: short }, "/private_key"],
        [{ private_key: newKey(), algorithm: "RS256" }, "/algorithm"],
        [{ private_key: newKey(), algorithm: "HS256" }, "/algorithm"],
        [{ private_key: "a".repeat(16_385) }, "/private_key"],
      ] as const)
        assert.deepEqual(pointersOf((await post("import", 422, body)).json), [pointer]);
    });

    it("are retired unless they sign and have no successor that verifiers know", async () => {
      const active = (await list()).find(({ state }) => state === "active")?.kid ?? "";
      assert.match(String((await post(`${active}/retire`, 409)).json["detail"]), /has no successor: make one first/);
      const { key } = await post("rotate", 200, {});
      assert.match(String((await post(`${active}/retire`, 409)).json["detail"]), /verifiers must know it first/);
      assert.deepEqual((await post(`${key.kid}/retire`, 200)).key.state, "retiring");
      assert.match(String((await post(`${key.kid}/retire`, 409)).json["detail"]), /^the key is retiring/);
      await post("no-such-key/retire", 404);
    });

    it("are revoked at once, and the answer says who refuses their tokens from when", async () => {
      const { key } = await post("rotate", 200, { now: true });
      const revoked = await post(`${key.kid}/revoke`, 200);
      assert.deepEqual([revoked.key.state, revoked.key.published_until], ["revoked", time(0)]);
      assert.deepEqual([revoked.successor.state, revoked.successor.active_from >= time(0)], ["active", true]);
      const { nodes_refuse_from, guards_refuse_from, others_refuse_from } = revoked.json;
      assert.deepEqual([nodes_refuse_from, guards_refuse_from], [time(1 / 60), time(2 / 60)]);
      assert.equal(others_refuse_from, time(publication - 5));
      const warnings = Object(revoked.json["warnings"]).join("\n");
      assert.match(warnings, /^callers with a token of the revoked key are refused until they request a new one/);
      assert.match(warnings, /\nverifiers that cached the JWKS before .* refuse new tokens until /);
      assert.ok(!JSON.stringify(await published()).includes(key.kid));
      assert.match(String((await post(`${key.kid}/revoke`, 409)).json["detail"]), /is revoked already/);
      await post("no-such-key/revoke", 404);
      const upcoming = (await post("rotate", 200, {})).key;
      const { json, successor } = await post(`${upcoming.kid}/revoke`, 200);
      assert.deepEqual([Object.keys(successor), json["warnings"]], [[], []]);
    });
  });
}
