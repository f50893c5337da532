import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "@carnet/core/ports";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, askForToken } from "../support/admin-api.ts";

/** What a caller saw: when it asked and had its answer, by the service's own clock, and whether it got a token. */
interface Attempt {
  readonly asked: number;
  readonly answered: number;
  readonly granted: boolean;
}

/** A caller that asks for tokens without a pause until it is told to stop. */
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
  running.catch(() => {}); // reported by stop and more
  /** Waits until some attempts that begin from now on are answered. */
  const more = async (count: number): Promise<void> => {
    const enough = attempts.length + count + 1; // one may have begun before
    while (attempts.length < enough) await Promise.race([running, new Promise(setImmediate)]);
  };
  return { attempts, stop, more };
}

/** Whatever was asked and answered between two instants was granted; what lies across one of them may go either way. */
function assertGranted(attempts: readonly Attempt[], { from, until }: { from: number; until: number }): void {
  const inside = attempts.filter(({ asked, answered }) => asked >= from && answered < until);
  const refused = inside.filter(({ granted }) => !granted).map(({ asked }) => `after ${asked - from} ms`);
  assert.deepEqual(refused, [], "refused within its time");
}

function assertRefused(attempts: readonly Attempt[], { from }: { from: number }): void {
  const granted = attempts.filter((attempt) => attempt.asked >= from && attempt.granted);
  assert.deepEqual(granted, [], "granted after its time");
}

const systemClock: Clock = { now: () => Date.now() };
const overlap = 250;
const rounds = 8;

describe("a secret that is rotated under load", () => {
  it("works to the last moment of its time and not after it, and the next one from its answer on", async () => {
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
        "it was asked for within its time",
      );
      seenAfter += caller.attempts.filter(({ asked }) => asked >= until).length;
      // The ended ones make room: ten can be live at a time
      caller = next;
      from = start;
    }
    await caller.stop();
    assertGranted(caller.attempts, { from, until: Number.POSITIVE_INFINITY });
    assert.ok(seenAfter > rounds, "it was asked for after its time");
  });

  it("works while it is used and a span longer, where it ends when it is idle, and the next one all along", async () => {
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

  it("is refused from the answer to its revocation on, and the others are not", async () => {
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
