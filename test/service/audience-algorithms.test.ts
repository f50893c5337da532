// The algorithm belongs to the audience, and each change of the settings is safe for verifiers that cache the keys.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import type { TestService } from "@carnet/testkit/service";
import { createRemoteJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from "jose";
import { AdminApi, tokenOf } from "../support/admin-api.ts";
import { publicationTime, startPublishing } from "../support/signing-algorithms.ts";
import { introspect } from "../support/token-queries.ts";

const legacy = "https://legacy.example";
const other = "https://other.example";

/** The algorithm of a new token for an audience. */
async function algorithmFor(service: TestService, audience: string): Promise<string | undefined> {
  return decodeProtectedHeader(await tokenOf(service, await service.register({ audience }))).alg;
}

const json = async (url: string) => Object(await (await fetch(url)).json());
const keysOf = async ({ url }: TestService): Promise<readonly JWK[]> => (await json(`${url}/oauth2/jwks`)).keys;
const algorithmsOf = async (service: TestService) => (await keysOf(service)).map(({ alg }) => alg).toSorted();

suite("CARNET_AUDIENCE_ALGORITHMS", () => {
  test("signs for its audience once verifiers know the key, and with the default until then", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const environment = { CARNET_AUDIENCE_ALGORITHMS: `${legacy}=RS256`, CARNET_STORE_GRACE: "0" };
    await using service = await startPublishing(2, { clock, environment });
    assert.deepEqual(await algorithmsOf(service), ["ES256", "RS256"]);
    clock.advance(publicationTime - 1);
    assert.equal(await algorithmFor(service, legacy), "ES256");
    clock.advance(1);
    assert.equal(await algorithmFor(service, legacy), "RS256");
    assert.equal(await algorithmFor(service, other), "ES256");
    assert.equal(await algorithmFor(service, service.url), "ES256");
  });

  test("names all algorithms in the metadata, and the documents follow", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const settings = { audienceAlgorithms: `${legacy}=RS256, ${other}=PS256` };
    await using service = await startPublishing(3, { clock, settings });
    const expected = ["ES256", "PS256", "RS256"];
    assert.deepEqual(await algorithmsOf(service), expected);
    for (const path of ["oauth-authorization-server", "openid-configuration"]) {
      const metadata = await json(`${service.url}/.well-known/${path}`);
      assert.deepEqual(metadata.id_token_signing_alg_values_supported.toSorted(), expected);
      assert.deepEqual(metadata.introspection_signing_alg_values_supported.toSorted(), expected);
    }
  });

  for (const algorithm of ["RS256", "ML-DSA-44"])
    test(`signs the tokens of admins with ${algorithm}, and the admin API accepts them`, async () => {
      const clock = new FixedClock("2026-11-21T12:00:00Z");
      const issuer = "https://tokens.example";
      const settings = { issuer, audienceAlgorithms: `urn:carnet:admin=${algorithm}` };
      await using service = await startPublishing(2, { clock, settings });
      clock.advance(publicationTime);
      const api = await AdminApi.of(service);
      assert.equal(decodeProtectedHeader(api.token).alg, algorithm);
      assert.equal((await api.call("GET", "/clients")).status, 200);
      assert.equal((await api.call("GET", "/clients", { token: `${api.token.slice(0, -9)}AAAAAAAAA` })).status, 401);
      assert.equal(await algorithmFor(service, other), "ES256");
    });

  test("is read again by a restart, even for the default, and the tokens of before stay valid", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    await using before = await startPublishing(1, { clock });
    const settings = { dataDir: before.folder, issuer: before.url, signingAlgorithm: "Ed25519" };
    const token = await tokenOf(before, await before.register({ audience: other, access_token_ttl: 86_400 }));
    await before.server.close();
    await using after = await startPublishing(2, { clock, settings });
    assert.equal(await algorithmFor(after, other), "ES256", "verifiers do not know the new key yet");
    clock.advance(publicationTime);
    assert.equal(await algorithmFor(after, other), "Ed25519");
    assert.deepEqual(await algorithmsOf(after), ["ES256", "Ed25519"]);
    const keys = createRemoteJWKSet(new URL(`${after.url}/oauth2/jwks`));
    await jwtVerify(token, keys, { issuer: before.url, audience: other, currentDate: new Date(clock.now()) });
  });

  test("may differ between nodes during a rolling restart: each publishes every key and accepts every token", async () => {
    const clock = new FixedClock("2026-11-21T12:00:00Z");
    const issuer = "https://tokens.example";
    await using old = await startPublishing(1, { clock, settings: { issuer } });
    const shared = { issuer, dataDir: old.folder };
    const changed = { ...shared, signingAlgorithm: "EdDSA", audienceAlgorithms: `${legacy}=RS256` };
    await using renewed = await startPublishing(3, { clock, settings: changed });
    await old.server.keys.refreshAnew();
    assert.deepEqual(await keysOf(old), await keysOf(renewed));
    clock.advance(publicationTime);
    const client = await old.register({ audience: legacy });
    const reader = await old.register({ audience: legacy, scope: "carnet:introspect" });
    const [first, second] = [await tokenOf(old, client), await tokenOf(renewed, client)];
    assert.deepEqual(
      [first, second].map((token) => decodeProtectedHeader(token).alg),
      ["ES256", "RS256"],
    );
    for (const node of [old, renewed])
      for (const token of [first, second]) assert.equal((await introspect(node, reader, token))["active"], true);
    assert.deepEqual(await keysOf(old), await keysOf(renewed));
    assert.equal((await keysOf(old)).length, 3, "neither node makes a key that the other one has made");
  });
});
