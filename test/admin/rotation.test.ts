import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTestService } from "@carnet/testkit/service";
import { AdminApi, askForToken } from "../support/admin-api.ts";

/** What a caller saw: when it asked and had its answer, by the service's own clock, and whether it got a token. */
interface Attempt {
  readonly asked: number;
  readonly answered: number;
  readonly granted: boolean;
}

/** A caller that asks for tokens without a pause until it is told to stop. */
function startCaller(url: string, clientId: string, secret: string) {
  const attempts: Attempt[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const asked = Date.now();
      const { status } = await askForToken(url, clientId, secret);
      assert.ok(status === 200 || status === 401, `${status}`);
      attempts.push({ asked, answered: Date.now(), granted: status === 200 });
    }
  })();
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  running.catch(() => {}); // told by stop
  return { attempts, stop };
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

const overlap = 250;
const rounds = 8;

describe("a secret that is rotated under load", () => {
  it("works to the last moment of its time and not after it, and the next one from its answer on", async () => {
    await using service = await startTestService();
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    let caller = startCaller(service.url, "app", String(json["client_secret"]));
    let from = Date.now();
    let seenAfter = 0;
    for (let round = 0; round < rounds; round++) {
      const until = Date.now() + overlap;
      const rotated = await api.expect(201, "POST", "/clients/app/secrets/rotate", {
        body: { end_old_at: new Date(until).toISOString() },
      });
      const start = Date.now();
      const next = startCaller(service.url, "app", String(rotated.json["client_secret"]));
      while (Date.now() < until + overlap) await new Promise((resolve) => setTimeout(resolve, 10));
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
    await using service = await startTestService();
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    const old = startCaller(service.url, "app", String(json["client_secret"]));
    const from = Date.now();
    const rotated = await api.expect(201, "POST", "/clients/app/secrets/rotate", {
      body: { end_old_when_idle_for: 1 },
    });
    const start = Date.now();
    const next = startCaller(service.url, "app", String(rotated.json["client_secret"]));
    while (Date.now() < start + 2500) await new Promise((resolve) => setTimeout(resolve, 50));
    await old.stop();
    assertGranted(old.attempts, { from, until: Number.POSITIVE_INFINITY });
    while (Date.now() < (old.attempts.at(-1)?.answered ?? 0) + 1001) await new Promise((go) => setTimeout(go, 50));
    assert.equal((await askForToken(service.url, "app", String(json["client_secret"]))).status, 401);
    await next.stop();
    assertGranted(next.attempts, { from: start, until: Number.POSITIVE_INFINITY });
  });

  it("is refused from the answer to its revocation on, and the others are not", async () => {
    await using service = await startTestService();
    const api = await AdminApi.of(service);
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: "app" } });
    const staying = startCaller(service.url, "app", String(json["client_secret"]));
    for (let round = 0; round < rounds; round++) {
      const added = await api.expect(201, "POST", "/clients/app/secrets", { body: {} });
      const from = Date.now();
      const callers = [0, 1].map(() => startCaller(service.url, "app", String(added.json["client_secret"])));
      while (callers.some(({ attempts }) => attempts.length < 5)) await new Promise((go) => setTimeout(go, 5));
      const asked = Date.now();
      await api.expect(204, "DELETE", `/clients/app/secrets/${added.json["secret_id"]}`);
      const revoked = Date.now();
      while (callers.some(({ attempts }) => (attempts.at(-1)?.asked ?? 0) <= revoked)) {
        await new Promise((go) => setTimeout(go, 5));
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
