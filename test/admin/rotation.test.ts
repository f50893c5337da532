import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "@carnet/core/ports";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, askForToken } from "../support/admin-api.ts";

/** One token request: when it was sent and answered, by the clock of the service, and whether it got a token. */
interface Attempt {
  readonly asked: number;
  readonly answered: number;
  readonly granted: boolean;
}

/** A caller that requests tokens without a pause until it is stopped. */
function startCaller(url: string, { secret, clock = systemClock }: { secret: unknown; clock?: Clock }) {
  const attempts: Attempt[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const asked = clock.now();
      const { status } = await askForToken(url, "app", String(secret));
      assert.ok(status === 200 || status === 401, `${status}`);
      attempts.push({ asked, answered: clock.now(), granted: status === 200 });
    }
  })();
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  running.catch(() => {}); // stop and more report the error
  /** Waits until this many attempts that start after this call are answered. */
  const more = async (count: number): Promise<void> => {
    const enough = attempts.length + count + 1; // one may have started already
    while (attempts.length < enough) await Promise.race([running, new Promise(setImmediate)]);
  };
  return { attempts, stop, more };
}

/** Asserts that each attempt within this period was granted. An attempt that overlaps its ends may be refused. */
function assertGranted(attempts: readonly Attempt[], { from, until }: { from: number; until: number }): void {
  const inside = attempts.filter(({ asked, answered }) => asked >= from && answered < until);
  const refused = inside.filter(({ granted }) => !granted).map(({ asked }) => `after ${asked - from} ms`);
  assert.deepEqual(refused, [], "refused while valid");
}

function assertRefused(attempts: readonly Attempt[], { from }: { from: number }): void {
  const granted = attempts.filter((attempt) => attempt.asked >= from && attempt.granted);
  assert.deepEqual(granted, [], "granted after expiry");
}

const systemClock: Clock = { now: () => Date.now() };
const overlap = 250;
const rounds = 8;

describe("a secret that is rotated under load", () => {
  it("works until the moment it expires, and the new one works from its response on", async () => {
    const clock = new FixedClock("2026-06-01T00:00:00Z");
    await using service = await startTestService({ clock });
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    let caller = startCaller(service.url, { secret: json["client_secret"], clock });
    let from = clock.now();
    let seenAfter = 0;
    for (let round = 0; round < rounds; round++) {
      const until = clock.now() + overlap;
      const rotated = await api.expect(201, "POST", "/clients/app/secrets/rotate", {
        body: { end_old_at: new Date(until).toISOString() },
      });
      const start = clock.now();
      const next = startCaller(service.url, { secret: rotated.json["client_secret"], clock });
      for (const step of [0, overlap - 1, 1, overlap]) {
        clock.advance(step);
        await Promise.all([caller.more(5), next.more(5)]);
      }
      await caller.stop();
      assertGranted(caller.attempts, { from, until });
      assertRefused(caller.attempts, { from: until });
      assert.ok(
        caller.attempts.some(({ granted }) => granted),
        "no attempt was granted while the secret was valid",
      );
      seenAfter += caller.attempts.filter(({ asked }) => asked >= until).length;
      // Ended secrets do not count towards the limit of ten live ones
      caller = next;
      from = start;
    }
    await caller.stop();
    assertGranted(caller.attempts, { from, until: Number.POSITIVE_INFINITY });
    assert.ok(seenAfter > rounds, "too few attempts were made after expiry");
  });

  it("with an idle span works while it is used, and the new one works all the time", async () => {
    const clock = new FixedClock("2026-06-01T00:00:00Z");
    await using service = await startTestService({ clock });
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    const old = startCaller(service.url, { secret: json["client_secret"], clock });
    const from = clock.now();
    const rotated = await api.expect(201, "POST", "/clients/app/secrets/rotate", {
      body: { end_old_when_idle_for: 1 },
    });
    const start = clock.now();
    const next = startCaller(service.url, { secret: rotated.json["client_secret"], clock });
    for (let step = 0; step < 5; step++) {
      clock.advance(500);
      await Promise.all([old.more(5), next.more(5)]);
    }
    await old.stop();
    assertGranted(old.attempts, { from, until: Number.POSITIVE_INFINITY });
    clock.advance(1001);
    assert.equal((await askForToken(service.url, "app", String(json["client_secret"]))).status, 401);
    await next.stop();
    assertGranted(next.attempts, { from: start, until: Number.POSITIVE_INFINITY });
  });

  it("is refused once its revocation is answered, and other secrets keep working", async () => {
    await using service = await startTestService();
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    const staying = startCaller(service.url, { secret: json["client_secret"] });
    for (let round = 0; round < rounds; round++) {
      const added = await api.expect(201, "POST", "/clients/app/secrets", { body: {} });
      const from = Date.now();
      const callers = [0, 1].map(() => startCaller(service.url, { secret: added.json["client_secret"] }));
      await Promise.all(callers.map((caller) => caller.more(4)));
      const asked = Date.now();
      await api.expect(204, "DELETE", `/clients/app/secrets/${added.json["secret_id"]}`);
      const revoked = Date.now();
      while (callers.some(({ attempts }) => (attempts.at(-1)?.asked ?? 0) <= revoked)) {
        await Promise.all(callers.map((caller) => caller.more(1)));
      }
      for (const caller of callers) {
        await caller.stop();
        assertGranted(caller.attempts, { from, until: asked });
        assertRefused(caller.attempts, { from: revoked + 1 });
      }
    }
    await staying.stop();
    assert.ok(staying.attempts.every(({ granted }) => granted));
  });
});
