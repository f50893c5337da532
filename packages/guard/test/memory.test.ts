// Memory over many different tokens. GUARD_TOKENS sets how many; `npm run soak` takes a million.
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveBytes } from "@carnet/testkit/live-bytes";
import { feedOf, serve } from "./support/feed.ts";
import { assertInvalid, openWorld } from "./support/world.ts";

const tokens = Number(process.env["GUARD_TOKENS"] ?? 5000);

test(`memory stays flat over ${tokens} different tokens, half of them forged`, async () => {
  const { issuer, guardWith, pass } = await openWorld();
  const guard = guardWith({ cache: { tokens: 500 }, introspection: { clientId: "api", clientSecret: "secret" } });
  const receive = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 10) {
      pass(0.01);
      const good = await Promise.all(
        Array.from({ length: 5 }, (_, at) => issuer.issue({ clientId: `client-${(n + at) % 100}` })),
      );
      await Promise.all(good.map((token) => guard.verify(token)));
      const forged = good.map((token, at) =>
        at < 2 ? `${token.slice(0, -4)}AAAA` : at < 3 ? `opaque-${n}` : `${n}.${token}`,
      );
      const unknown = await issuer.issue({ header: { kid: `kid-${n}` } });
      for (const token of [...forged.slice(1), unknown])
        await guard.verify(token).then(
          () => assert.fail("a forged token was accepted"),
          () => {},
        );
    }
  };
  await receive(2000);
  const before = liveBytes();
  await receive(tokens);
  const grown = liveBytes() - before;
  // A leak of one token each, which has 700 characters, would be 3.5 MB over 5,000 tokens
  assert.ok(grown < 1_000_000, `memory grew by ${grown} bytes`);
  await assertInvalid(guard.verify("unknown"), "inactive");
});

test("remembered tokens do not keep the snapshots of the feed that they passed", async () => {
  const world = await openWorld();
  const { issuer, guard, pass } = world;
  const receive = async (snapshots: number): Promise<void> => {
    for (let n = 0; n < snapshots; n++) {
      pass(1);
      const tokens = Array.from({ length: 10_000 }, (_, at) => `${n}-${at}`.padStart(22, "x"));
      serve(world, await feedOf(issuer, { tokens }));
      await guard.verify(await issuer.issue({ expiresInSeconds: 3600 }));
    }
  };
  await receive(2);
  const before = liveBytes();
  await receive(20);
  const grown = liveBytes() - before;
  // One snapshot takes about 1 MB
  assert.ok(grown < 4_000_000, `memory grew by ${grown} bytes`);
});
