// A revocation holds within a second at every process on the store, and within two at every guard, while tokens are issued at full speed.
// REVOCATION_TRIALS makes it more (`npm run soak`).
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { changeClient, changeSettings, revokeTokens } from "@carnet/core/admin/change-client";
import { drawHandle } from "@carnet/core/client/draw";
import { registerClient } from "@carnet/core/client/register-client";
import { revokeIssuedBefore, revokeToken } from "@carnet/core/revocation/revoke-token";
import { createGuard, TokenInvalid } from "@carnet/guard";
import type { AccessTokenClaims } from "@carnet/protocol/access-token-claims";
import { ok } from "@carnet/protocol/result";
import type { RevocationFeedClaims } from "@carnet/protocol/revocation-feed";
import { hashTokenId } from "@carnet/server/crypto/hash-token-id";
import { openTestRegistry, type TestRegistry } from "@carnet/testkit/open-test-registry";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";

const soak = process.env["REVOCATION_TRIALS"];
const trials = Number(soak ?? 30);

/** `npm test` runs other tests at the same time, which take the processors from these processes. */
const slack = soak === undefined ? 2 : 1;

/** Whoever has to refuse a revoked token, and within how many milliseconds. */
interface Prober {
  readonly name: string;
  readonly bound: number;
  refuses(token: IssuedToken): Promise<boolean>;
}

interface IssuedToken {
  readonly text: string;
  readonly claims: AccessTokenClaims;
}

/** The feed of a process, read as a guard reads it. */
const feedOf = (name: string, { url }: ServingCarnet): Prober => ({
  name: `feed of the ${name}`,
  bound: 1000,
  async refuses({ claims: { jti, rvk, iat } }) {
    const answer = await fetch(`${url}/oauth2/revocations`);
    assert.equal(answer.status, 200);
    const feed = payloadOf<RevocationFeedClaims>(await answer.text());
    return (
      feed.tokens.includes(hashTokenId(jti)) ||
      feed.handles.some((handle) => rvk.includes(handle)) ||
      iat <= Math.max(feed.cut_offs[rvk[0]] ?? 0, feed.issued_until ?? 0)
    );
  },
});

/** The introspection of a process, as an API asks it. */
const introspectionOf = (name: string, { url }: ServingCarnet, authorization: string): Prober => ({
  name: `introspection at the ${name}`,
  bound: 1000,
  async refuses({ text }) {
    const answer = await fetch(`${url}/oauth2/introspect`, {
      method: "POST",
      headers: { Authorization: authorization },
      body: new URLSearchParams({ token: text }),
    });
    assert.equal(answer.status, 200);
    return (await answer.json()).active === false;
  },
});

/** A guard of an API that asks a process directly. */
const guardOf = (name: string, { url }: ServingCarnet, issuer: string): Prober => {
  const guard = createGuard({
    ...{ issuer, audience: issuer },
    fetch: (input, init) => fetch(String(input).replace(issuer, url), init),
  });
  return {
    name: `guard at the ${name}`,
    bound: 2000,
    refuses: ({ text }) =>
      guard.verify(text).then(
        () => false,
        (failure: unknown) => failure instanceof TokenInvalid || assert.fail(String(failure)),
      ),
  };
};

type Revoke = (clientId: string, token: IssuedToken, registry: TestRegistry) => Promise<unknown>;

const change = (clientId: string, registry: TestRegistry, decide: Parameters<typeof changeClient>[2]) =>
  changeClient({ clientId, ifMatch: undefined }, registry, decide);

const clientOf = async ({ claims }: IssuedToken, { store }: TestRegistry) =>
  (await store.find(clientIdOf(claims.client_id))) ?? assert.fail("there is no client");

/** Every way to revoke a token. */
const ways: Readonly<Record<string, Revoke>> = {
  "its jti": async (_, token, registry) =>
    revokeToken(
      { claims: token.claims, keyId: "", idHash: hashTokenId(token.claims.jti) },
      await clientOf(token, registry),
      registry,
    ),
  "its client": (id, _, registry) =>
    change(id, registry, async (client) => ok({ client: revokeTokens(client, registry) })),
  "its secret": (id, _, registry) =>
    change(id, registry, async (client) => {
      const secrets = client.secrets.map((secret) => ({ ...secret, handle: drawHandle(registry.random) }));
      return ok({ client: { ...client, secrets } });
    }),
  "a cut-off": async (_, token, registry) =>
    revokeIssuedBefore({ instant: Date.now(), client: await clientOf(token, registry) }, registry),
  "disabling the client": (clientId, _, registry) =>
    changeSettings({ clientId, ifMatch: undefined }, { status: "disabled" }, registry),
};

test(`a token revoked in ${trials} trials is refused within its bound by all who are asked`, async (t) => {
  await using folder = await temporaryFolder();
  await using first = await serveCarnet({ folder: folder.path });
  await using second = await serveCarnet({ folder: folder.path, args: ["--issuer", first.url] });
  const registry = await openTestRegistry(folder.file("carnet.db"), { now: () => Date.now() });
  await using _closing = { [Symbol.asyncDispose]: () => registry.close() };
  const api = await register(registry, "carnet:introspect");
  const authorization = `Basic ${Buffer.from(`${api.clientId}:${api.clientSecret}`).toString("base64")}`;
  const probers: readonly Prober[] = [
    ...[
      introspectionOf("first process", first, authorization),
      introspectionOf("second process", second, authorization),
    ],
    ...[feedOf("first process", first), feedOf("second process", second)],
    ...[guardOf("first process", first, first.url), guardOf("second process", second, first.url)],
  ];
  const took = new Map(probers.map(({ name }) => [name, [] as number[]]));
  await using load = await issueAtFullSpeed([first, second], registry);

  for (let trial = 0; trial < trials; trial++) {
    const [way, revoke] = Object.entries(ways)[trial % Object.keys(ways).length] ?? assert.fail();
    const { clientId, token } = await issue(trial % 2 === 0 ? first : second, registry);
    for (const { name, refuses } of probers) assert.equal(await refuses(token), false, `${name} before`);
    assert.ok(await revoke(clientId, token, registry), way);
    const start = performance.now();
    await Promise.all(
      probers.map(async ({ name, bound, refuses }) => {
        while (!(await refuses(token))) {
          assert.ok(performance.now() - start < 10 * bound, `${name} still accepts a token revoked by ${way}`);
          await pause(5);
        }
        took.get(name)?.push(performance.now() - start);
      }),
    );
  }
  t.diagnostic(`${load.issued()} tokens were issued meanwhile`);
  const late = probers.filter(({ name, bound }) => {
    const sorted = (took.get(name) ?? []).sort((left, right) => left - right);
    const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
    t.diagnostic(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms, bound ${bound} ms`);
    return at(0.9) > bound || at(1) > slack * bound;
  });
  assert.deepEqual(
    late.map(({ name }) => name),
    [],
    "refused too late",
  );
});

async function issue({ url }: ServingCarnet, registry: TestRegistry) {
  const { clientId, clientSecret } = await register(registry);
  const answer = await requestToken(url, clientId, clientSecret);
  assert.equal(answer.status, 200);
  const text = String((await answer.json()).access_token);
  return { clientId, token: { text, claims: payloadOf<AccessTokenClaims>(text) } };
}

async function register(registry: TestRegistry, scope = "file:read") {
  const registered = await registerClient({ scope }, registry);
  assert.ok(registered.ok);
  const { client, generatedSecret } = registered.value;
  return { clientId: client.clientId, clientSecret: generatedSecret?.reveal() ?? assert.fail("it has no secret") };
}

/** Requests tokens from each process without a pause. Dispose of it to stop. */
async function issueAtFullSpeed(processes: readonly ServingCarnet[], registry: TestRegistry) {
  const { clientId, clientSecret } = await register(registry);
  let issued = 0;
  let isStopped = false;
  const loops = processes
    .flatMap(({ url }) => [url, url, url, url])
    .map(async (url) => {
      while (!isStopped) {
        const answer = await requestToken(url, clientId, clientSecret);
        assert.equal(answer.status, 200);
        await answer.arrayBuffer();
        issued++;
      }
    });
  return {
    issued: () => issued,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await Promise.all(loops);
    },
  };
}

const payloadOf = <Claims>(jwt: string): Claims =>
  JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
