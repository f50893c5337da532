import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { GuardError } from "@carnet/guard";
import { createTestIssuer } from "@carnet/guard/testing";
import fc from "fast-check";
import { assertInvalid, failureOf, openWorld, paths } from "./support/world.ts";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of the issuer, taken apart. */
async function partsOf({ issuer }: Pick<Awaited<ReturnType<typeof openWorld>>, "issuer">) {
  const [header = "", payload = "", signature = ""] = (await issuer.issue({ scopes: ["file:read"] })).split(".");
  return { header: JSON.parse(Buffer.from(header, "base64url").toString()), payload, signature };
}

suite("A forged token is refused", () => {
  test("without a signature: alg none, in every spelling [RFC8725 §3.2]", async () => {
    const world = await openWorld();
    const { header, payload, signature } = await partsOf(world);
    for (const alg of ["none", "None", "NONE", "nOnE"])
      for (const last of ["", signature])
        await assertInvalid(world.guard.verify(`${encode({ ...header, alg })}.${payload}.${last}`), "algorithm");
  });

  test("with the public key as an HMAC secret, in every form that it is published in [RFC8725 §3.1]", async () => {
    for (const algorithm of ["ES256", "RS256"]) {
      const world = await openWorld({}, { algorithm });
      const { header, payload } = await partsOf(world);
      const jwks: { keys: [Record<string, string>] } = await (
        await world.issuer.fetch(`${world.issuer.issuer}${paths.jwks}`)
      ).json();
      const [jwk] = jwks.keys;
      const key = createPublicKey({ key: jwk, format: "jwk" });
      const secrets = [
        key.export({ type: "spki", format: "pem" }),
        key.export({ type: "spki", format: "der" }),
        JSON.stringify(jwk),
      ];
      for (const secret of secrets) {
        const signed = `${encode({ ...header, alg: "HS256" })}.${payload}`;
        const signature = createHmac("sha256", secret).update(signed).digest("base64url");
        await assertInvalid(world.guard.verify(`${signed}.${signature}`), "algorithm");
      }
    }
  });

  test("with an algorithm that the key is not for [RFC8725 §3.1]", async () => {
    const world = await openWorld();
    const { header, payload, signature } = await partsOf(world);
    for (const alg of ["RS256", "PS256", "ES384", "EdDSA", "ES256K"]) {
      const { reason } = Object(
        await failureOf(world.guard.verify(`${encode({ ...header, alg })}.${payload}.${signature}`)),
      );
      assert.ok(reason === "unknown_key" || reason === "algorithm", `${alg}: ${reason}`);
    }
    const strict = world.guardWith({ algorithms: ["EdDSA"] });
    await assertInvalid(strict.verify(await world.issuer.issue()), "algorithm");
  });

  test("with a key of its own in the header [RFC8725 §3.10]", async () => {
    const world = await openWorld();
    const stranger = await createTestIssuer({ clock: world.issuer.clock });
    const { keys } = await (await stranger.fetch(`${stranger.issuer}${paths.jwks}`)).json();
    const { header } = await partsOf(world);
    for (const extra of [{ jwk: keys[0] }, { jku: "https://evil.test/jwks" }, { x5u: "https://evil.test/x" }])
      await assertInvalid(
        world.guard.verify(await stranger.issue({ header: { kid: header.kid, ...extra } })),
        "signature",
      );
    assert.ok(world.network.requests.every((path) => Object.values<string>(paths).includes(path)));
  });

  test("with other claims, header or signature under a true one", async () => {
    const world = await openWorld();
    const { header, payload, signature } = await partsOf(world);
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    for (const forged of [
      `${encode(header)}.${encode({ ...claims, scope: "admin" })}.${signature}`,
      `${encode({ ...header, x: 1 })}.${payload}.${signature}`,
      `${encode(header)}.${payload}.${Buffer.alloc(64).toString("base64url")}`,
      `${encode(header)}.${payload}.`,
    ])
      await assertInvalid(world.guard.verify(forged), "signature");
  });

  test("with an extension that must be understood [RFC7515 §4.1.11]", async () => {
    const world = await openWorld();
    const { header, payload, signature } = await partsOf(world);
    const critical = { ...header, crit: ["b64"], b64: false };
    await assertInvalid(world.guard.verify(`${encode(critical)}.${payload}.${signature}`), "malformed");
  });

  test("with padding or white space, which decoders skip [RFC7515 §7.1]", async () => {
    const { issuer, guard } = await openWorld();
    const token = await issuer.issue();
    for (const text of [`${token}==`, `${token}\n`, `${token}\t`, `${token.slice(0, -2)} ${token.slice(-2)}`])
      await assertInvalid(guard.verify(text), "malformed");
    await assertInvalid(guard.verify({ headers: { authorization: `Bearer ${token}\t` } }), "malformed");
  });

  test("when it is the signed revocation feed", async () => {
    const world = await openWorld({ tokenTypes: ["at+jwt", "JWT"] });
    const feed = await (await world.issuer.fetch(`${world.issuer.issuer}${paths.feed}`)).text();
    await assertInvalid(world.guard.verify(feed), "type");
  });
});

suite("Junk", () => {
  test("of more than 16 KiB is refused before anything in it is read", async () => {
    const { issuer, guard, network } = await openWorld();
    const long = await issuer.issue({ claims: { filler: "x".repeat(12_400) } });
    assert.ok(long.length > 16_384);
    await assertInvalid(guard.verify(long), "too_long");
    await assertInvalid(guard.verify(".".repeat(50_000_000)), "too_long");
    assert.deepEqual(network.requests, []);
    const fits = await issuer.issue({ claims: { filler: "x".repeat(11_500) } });
    await guard.verify(fits);
  });

  test("never makes the guard throw anything but its own errors", async () => {
    const world = await openWorld();
    const { header, payload, signature } = await partsOf(world);
    const part = fc.oneof(
      fc.constantFrom(encode(header), payload, signature, "", "eyJ"),
      fc.string({ unit: "binary" }),
      fc.json().map((json) => Buffer.from(json).toString("base64url")),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
      fc
        .record({ alg: fc.constantFrom("ES256", "HS256", "none", ""), kid: fc.anything(), typ: fc.anything() })
        .map((value) => encode(value) ?? ""),
    );
    const junk = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(junk, async (text) => {
        for (const source of [text, { headers: { authorization: `Bearer ${text}` } }])
          await world.guard.verify(source).then(
            () => assert.equal(text, `${encode(header)}.${payload}.${signature}`),
            (error: unknown) => {
              assert.ok(error instanceof GuardError, inspect(error));
              if (text.length > 20) assert.ok(!inspect(error).includes(text));
            },
          );
      }),
      { numRuns: 2000 },
    );
  });

  test("of a valid signature over claims of any shape is refused or accepted, nothing else", async () => {
    const { issuer, guard } = await openWorld();
    const name = fc.constantFrom(
      "exp",
      "nbf",
      "iat",
      "aud",
      "iss",
      "scope",
      "scp",
      "client_id",
      "rvk",
      "jti",
      "arid",
      "sub",
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.jsonValue()), async (claims) => {
        await guard.verify(await issuer.issue({ claims })).catch((error: unknown) => {
          assert.ok(error instanceof GuardError, inspect(error));
        });
      }),
      { numRuns: 500 },
    );
  });
});
