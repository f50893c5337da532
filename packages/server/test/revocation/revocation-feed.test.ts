import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Revocation } from "@carnet/core/revocation/revocation";
import type { RevocationStore } from "@carnet/core/revocation/revocation-store";
import type { RevocationFeedClaims } from "@carnet/protocol/revocation-feed";
import type { KeyRing } from "@carnet/server/crypto/key-ring";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { createRevocationFeed, type FeedSnapshot } from "@carnet/server/revocation/revocation-feed";
import { RevocationList } from "@carnet/server/revocation/revocation-list";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { MemoryEventStore } from "@carnet/testkit/memory-event-store";
import { MemoryRevocationStore } from "@carnet/testkit/memory-revocation-store";
import { clientIdOf } from "@carnet/testkit/sample-clients";
import { withEvent } from "@carnet/testkit/sample-events";
import { openTestKeyRing, type TestKeyRing } from "@carnet/testkit/test-key-ring";
import { type JWTPayload, jwtVerify } from "jose";

const issuer = "https://iam.example.test";
const [first, second] = [await generateSigningKey("ES256"), await generateSigningKey("ES256")];

/** A store of revocations that can fail or never answer, and nodes that serve the feed from it. */
class World {
  readonly clock: FixedClock;
  readonly revocations = new MemoryRevocationStore(new MemoryEventStore(), () => undefined);
  readonly keys: KeyRing;
  readonly replaceKeys: TestKeyRing["replace"];
  state: "answers" | "fails" | "hangs" = "answers";
  reads = 0;
  signed = 0;
  #revoked = 0;

  constructor(clock: FixedClock, { ring, replace }: TestKeyRing) {
    this.clock = clock;
    this.keys = ring;
    this.replaceKeys = replace;
  }

  node(clock = this.clock) {
    const list: RevocationStore["list"] = async (query) => {
      this.reads++;
      if (this.state === "fails") throw new Error("the store is away");
      if (this.state === "hangs") await new Promise(() => {});
      return this.revocations.list(query);
    };
    const { keys } = this;
    const counted: Pick<KeyRing, "sign" | "signingKeyId"> = {
      get signingKeyId() {
        return keys.signingKeyId;
      },
      sign: (...signed) => {
        this.signed++;
        return keys.sign(...signed);
      },
    };
    const held = new RevocationList({ store: { list }, clock });
    const feed = createRevocationFeed({ access: "public", issuer, list: held, keys: counted, clock });
    return { list: held, read: async () => (await feed.current()) ?? assert.fail("there is no feed"), feed };
  }

  revoke(parts: Partial<Revocation> = {}) {
    const now = this.clock.now();
    const subject = `hash-${++this.#revoked}`;
    const owned = { clientId: clientIdOf("app"), revokedAt: now, endsAt: now + 3_600_000 };
    return this.revocations.add({ kind: "token", subject, issuedUntil: null, ...owned, ...parts }, withEvent());
  }

  /** Verifies a feed as a guard does. */
  async claims({ body }: FeedSnapshot): Promise<RevocationFeedClaims & JWTPayload> {
    const options = { issuer, typ: "revocations+jwt", currentDate: new Date(this.clock.now()) };
    return (await jwtVerify<RevocationFeedClaims>(body.toString(), this.keys.find, options)).payload;
  }
}

async function openWorld(): Promise<World> {
  const clock = new FixedClock("2026-11-21T12:00:00.123Z");
  return new World(clock, await openTestKeyRing(clock, [first]));
}

suite("the revocation feed", () => {
  test("is a JWS of its own type with every kind of revocation, and names no client", async () => {
    const world = await openWorld();
    await world.revoke({ subject: "hash" });
    await world.revoke({ kind: "client", subject: "client-handle", clientId: clientIdOf("secretive") });
    await world.revoke({ kind: "secret", subject: "secret-handle", clientId: clientIdOf("secretive") });
    await world.revoke({ kind: "cut_off", subject: "cut-handle", issuedUntil: 1_795_262_399 });
    await world.revoke({ kind: "cut_off", subject: "", issuedUntil: 1_795_262_300, clientId: null });
    await world.revoke({ kind: "key", subject: "kid", clientId: null });
    const snapshot = await world.node().read();
    const now = Date.parse("2026-11-21T12:00:00.123Z") / 1000;
    assert.deepEqual(await world.claims(snapshot), {
      iss: issuer,
      iat: now,
      exp: now + 30,
      tokens: ["hash"],
      handles: ["client-handle", "secret-handle"],
      cut_offs: { "cut-handle": 1_795_262_399 },
      issued_until: 1_795_262_300,
      keys: ["kid"],
    });
    const [header = ""] = snapshot.body.toString().split(".");
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), {
      ...{ typ: "revocations+jwt", alg: "ES256", kid: first.keyId },
    });
  });

  test("is empty, but there, when nothing is revoked", async () => {
    const world = await openWorld();
    const { tokens, handles, cut_offs, issued_until, keys } = await world.claims(await world.node().read());
    assert.deepEqual(
      { tokens, handles, cut_offs, issued_until, keys },
      {
        ...{ tokens: [], handles: [], cut_offs: {}, issued_until: null, keys: [] },
      },
    );
  });

  test("is signed only when somebody asks, and then once for all who ask", async () => {
    const world = await openWorld();
    const { list, read } = world.node();
    for (let poll = 0; poll < 100; poll++) {
      await world.revoke();
      world.clock.advance(500);
      await list.refresh();
    }
    assert.equal(world.signed, 0);
    const snapshots = await Promise.all(Array.from({ length: 100 }, read));
    assert.equal(new Set(snapshots.map(({ body }) => body)).size, 1, "they share the bytes");
    assert.equal(world.signed, 1);
  });

  test("asks the store at most four times a second, however many ask", async () => {
    const world = await openWorld();
    const { read } = world.node();
    for (let second = 0; second < 10; second++)
      for (let request = 0; request < 100; request++) {
        await read();
        world.clock.advance(10);
      }
    assert.ok(world.reads <= 40, `${world.reads} reads in ten seconds`);
  });

  test("shows a revocation within a quarter of a second, and is not signed anew without one", async () => {
    const world = await openWorld();
    const { read } = world.node();
    const before = await read();
    world.clock.advance(249);
    assert.equal(await read(), before);
    await world.revoke({ subject: "new" });
    world.clock.advance(1);
    const after = await read();
    assert.notEqual(after.etag, before.etag);
    assert.deepEqual((await world.claims(after)).tokens, ["new"]);
    world.clock.advance(500);
    assert.equal(await read(), after);
  });

  test("is signed anew after five seconds even when nothing has changed", async () => {
    const world = await openWorld();
    const { read } = world.node();
    const before = await read();
    world.clock.advance(4999);
    assert.equal(await read(), before);
    world.clock.advance(500);
    const after = await read();
    assert.notEqual(after.etag, before.etag);
    assert.equal((await world.claims(after)).iat, world.clock.now() / 1000);
  });

  test("with a later iat never knows less, whichever of two nodes made it", async () => {
    const world = await openWorld();
    const nodes = [world.node(), world.node()] as const;
    const seen: { iat: number; tokens: ReadonlySet<string> }[] = [];
    for (let step = 0; step < 200; step++) {
      world.clock.advance(170);
      if (step % 3 === 0) await world.revoke();
      const { iat, tokens } = await world.claims(await nodes[step % 2 === 0 ? 0 : 1].read());
      seen.push({ iat, tokens: new Set(tokens) });
    }
    const sorted = seen.sort((left, right) => left.iat - right.iat);
    for (const [at, { iat, tokens }] of sorted.entries())
      for (const earlier of sorted.slice(0, at))
        if (earlier.iat < iat)
          assert.ok(
            [...earlier.tokens].every((one) => tokens.has(one)),
            `${iat} forgot what ${earlier.iat} knew`,
          );
  });

  for (const state of ["fails", "hangs"] as const) {
    test(`stays what it was while the store ${state}, until it has expired`, async () => {
      const world = await openWorld();
      const { read, feed } = world.node();
      const before = await read();
      world.state = state;
      world.clock.advance(29_999);
      assert.equal(await read(), before);
      await world.claims(before); // still valid
      world.clock.advance(1);
      assert.equal(await feed.current(), undefined);
      world.clock.advance(1000);
      await assert.rejects(world.claims(before), { code: "ERR_JWT_EXPIRED" });
    });
  }

  test("is there again as soon as the store is", async () => {
    const world = await openWorld();
    const { read, feed } = world.node();
    world.state = "fails";
    assert.equal(await feed.current(), undefined);
    await world.revoke({ subject: "meanwhile" });
    world.state = "answers";
    world.clock.advance(500);
    assert.deepEqual((await world.claims(await read())).tokens, ["meanwhile"]);
  });

  test("is signed by the present key at once when keys are replaced", async () => {
    const world = await openWorld();
    const { read } = world.node();
    const before = await read();
    await world.replaceKeys([second]);
    const after = await read();
    assert.notEqual(after.etag, before.etag);
    await world.claims(after);
    await assert.rejects(world.claims(before), /no published key has this id/);
  });

  test("follows a clock that is set back", async () => {
    const world = await openWorld();
    const { read } = world.node();
    await read();
    world.clock.advance(-3_600_000);
    await world.revoke({ subject: "new" });
    assert.deepEqual((await world.claims(await read())).tokens, ["new"]);
  });

  test("of 100,000 revocations is made once for any number of readers", async () => {
    const world = await openWorld();
    const now = world.clock.now();
    const rows = Array.from({ length: 100_000 }, (_, number) => ({
      ...{ kind: "token" as const, subject: `${number}`.padStart(22, "x"), issuedUntil: null, number: number + 1 },
      ...{ clientId: clientIdOf(`app-${number % 5000}`), revokedAt: now, endsAt: now + 3_600_000 },
    }));
    world.revocations.list = async ({ after, limit }) => rows.slice(after, after + limit);
    const { read } = world.node();
    const before = process.memoryUsage().arrayBuffers;
    const snapshots = await Promise.all(Array.from({ length: 200 }, read));
    assert.equal(world.signed, 1);
    const [{ body }] = snapshots as [FeedSnapshot];
    const taken = process.memoryUsage().arrayBuffers - before;
    assert.ok(taken < 20 * body.length, `${taken} bytes for one body of ${body.length}`);
    assert.equal((await world.claims({ body, etag: "" })).tokens.length, 100_000);
  });
});
