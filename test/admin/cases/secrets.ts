import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForToken } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

interface SecretView {
  readonly secret_id: string;
  readonly state: string;
  readonly label: string | null;
  readonly expires_at: string | null;
  readonly ends_when_idle_for: number | null;
  readonly last_used_at: string | null;
  readonly last_used_from: string | null;
  readonly revoked_at: string | null;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Adding, rotating, revoking and listing the secrets of a client. */
export function secretCases(world: () => AdminWorld): void {
  const register = async (clientId: string, settings: object = {}): Promise<string> => {
    const { json } = await world().api.expect(201, "POST", "/clients", { body: { client_id: clientId, ...settings } });
    return String(json["client_secret"]);
  };
  const secretsOf = async (clientId: string): Promise<readonly SecretView[]> => {
    const { json } = await world().api.expect(200, "GET", `/clients/${clientId}/secrets`);
    return Object(json["secrets"]);
  };
  const works = async (clientId: string, secret: string): Promise<boolean> =>
    (await askForToken(world().service.url, clientId, secret)).status === 200;

  describe("secrets", () => {
    it("are added beside existing ones, and each is shown once and gets tokens", async () => {
      const { api } = world();
      const first = await register("two-secrets");
      const { json, headers } = await api.expect(201, "POST", "/clients/two-secrets/secrets", {
        body: { label: "Blue" },
      });
      const { client_secret: second, ...view } = json;
      const shown = await api.expect(200, "GET", String(headers.get("location")).replace("/admin/v1", ""));
      assert.deepEqual(shown.json, view);
      assert.ok(await works("two-secrets", first));
      assert.ok(await works("two-secrets", String(second)));
      const listed = await secretsOf("two-secrets");
      assert.deepEqual(
        listed.map(({ label }) => label),
        [null, "Blue"],
      );
      for (const secret of [first, String(second)]) assert.ok(!JSON.stringify(listed).includes(secret.slice(24)));
    });

    it("are refused with each invalid field named", async () => {
      const { api } = world();
      const { json } = await api.expect(422, "POST", "/clients/two-secrets/secrets", {
        body: { label: "", not_before: "soon", expires_at: "2020-01-01", value: "too short" },
      });
      assert.deepEqual(pointersOf(json).sort(), ["/expires_at", "/label", "/not_before", "/value"]);
      const late = await api.expect(422, "POST", "/clients/two-secrets/secrets", {
        body: { not_before: "2027-02-01", expires_at: "2027-01-31" },
      });
      assert.deepEqual(pointersOf(late.json), ["/expires_at"]);
    });

    it("are limited to ten live ones, and ended ones do not count", async () => {
      const { api } = world();
      await register("ten");
      for (let number = 1; number < 10; number++) await api.expect(201, "POST", "/clients/ten/secrets", { body: {} });
      for (const path of ["/clients/ten/secrets", "/clients/ten/secrets/rotate"]) {
        const { json } = await api.expect(409, "POST", path, { body: {} });
        assert.equal(json["type"], "urn:carnet:problem:too_many_secrets");
      }
      const [oldest] = await secretsOf("ten");
      await api.expect(204, "DELETE", `/clients/ten/secrets/${oldest?.secret_id}`);
      await api.expect(201, "POST", "/clients/ten/secrets", { body: {} });
    });

    it("work from not_before until expires_at", async () => {
      const { api, clock } = world();
      await register("window");
      const now = clock.now();
      const { json } = await api.expect(201, "POST", "/clients/window/secrets", {
        body: {
          not_before: new Date(now + hour).toISOString(),
          expires_at: new Date(now + 2 * hour).toISOString(),
        },
      });
      const secret = String(json["client_secret"]);
      const stateNow = async () => (await secretsOf("window")).at(-1)?.state;
      const seen: unknown[] = [];
      for (const step of [0, hour - 1, 1, hour - 1, 1]) {
        clock.advance(step);
        seen.push([await works("window", secret), await stateNow()]);
      }
      assert.deepEqual(seen, [
        [false, "pending"],
        [false, "pending"],
        [true, "active"],
        [true, "active"],
        [false, "expired"],
      ]);
    });

    it("are rotated in one call, and the old ones expire at the given time or after a day", async () => {
      const { api, clock } = world();
      for (const [clientId, span] of [
        ["rotated", day],
        ["rotated-soon", hour],
      ] as const) {
        const old = await register(clientId);
        const start = clock.now();
        const body = span === day ? {} : { end_old_at: new Date(start + span).toISOString() };
        const { json } = await api.expect(201, "POST", `/clients/${clientId}/secrets/rotate`, { body });
        const next = String(json["client_secret"]);
        clock.advance(Math.min(span, hour) - 1);
        assert.deepEqual([await works(clientId, old), await works(clientId, next)], [true, true]);
        const [{ expires_at } = { expires_at: null }] = await secretsOf(clientId);
        assert.equal(expires_at, new Date(start + span).toISOString());
      }
      clock.advance(1);
      const states = (await secretsOf("rotated-soon")).map(({ state }) => state);
      assert.deepEqual(states, ["expired", "active"]);
    });

    it("expire after the idle span of a rotation, but not while they are used", async () => {
      const { api, clock } = world();
      const old = await register("idle");
      const { json } = await api.expect(201, "POST", "/clients/idle/secrets/rotate", {
        body: { end_old_when_idle_for: 3600, secret: { label: "Green" } },
      });
      assert.equal(json["label"], "Green");
      for (let used = 0; used < 3; used++) {
        clock.advance(hour - 1);
        assert.ok(await works("idle", old), `after ${used} uses`);
      }
      assert.equal((await secretsOf("idle"))[0]?.ends_when_idle_for, 3600);
      clock.advance(hour);
      assert.ok(!(await works("idle", old)));
      assert.equal((await secretsOf("idle"))[0]?.state, "idle");
      assert.ok(await works("idle", String(json["client_secret"])));
    });

    it("are not rotated by a request with two ends or an invalid one", async () => {
      const { api } = world();
      for (const [body, pointer] of [
        [{ end_old_at: "2027-01-31", end_old_when_idle_for: 60 }, "/end_old_at"],
        [{ end_old_at: "2020-01-31" }, "/end_old_at"],
        [{ end_old_when_idle_for: 0 }, "/end_old_when_idle_for"],
        [{ end_old_when_idle_for: 90 * 86_400 + 1 }, "/end_old_when_idle_for"],
        [{ secret: { label: "" } }, "/secret/label"],
      ] as const) {
        const { json } = await api.expect(422, "POST", "/clients/idle/secrets/rotate", { body });
        assert.deepEqual(pointersOf(json), [pointer]);
      }
    });

    it("are revoked at once, and a second revocation has no effect", async () => {
      const { api } = world();
      const secret = await register("revoked");
      assert.ok(await works("revoked", secret));
      const [view] = await secretsOf("revoked");
      await api.expect(204, "DELETE", `/clients/revoked/secrets/${view?.secret_id}`);
      assert.ok(!(await works("revoked", secret)));
      const after = await secretsOf("revoked");
      await api.expect(204, "DELETE", `/clients/revoked/secrets/${view?.secret_id}`);
      assert.deepEqual(await secretsOf("revoked"), after);
      assert.equal(after[0]?.state, "revoked");
      const { json } = await api.expect(404, "DELETE", "/clients/revoked/secrets/nothing");
      assert.equal(json["type"], "urn:carnet:problem:not_found");
    });

    it("show when and from where they were last used, and store it", async () => {
      const { service, clock } = world();
      const secret = await register("used");
      assert.deepEqual((await secretsOf("used"))[0]?.last_used_at, null);
      assert.ok(await works("used", secret));
      const [{ last_used_at, last_used_from } = assert.fail()] = await secretsOf("used");
      assert.equal(last_used_at, new Date(clock.now()).toISOString());
      assert.equal(last_used_from, "127.0.0.1");
      // Stored in the background. Every process reads it from the store
      const { store } = service.server.registry;
      const kept = async () => (await store.search({ ...everyClient, text: "used" })).clients;
      for (let tries = 0; tries < 500; tries++) {
        const [client] = (await kept()).filter(({ clientId }) => clientId === "used");
        if (client?.secrets[0]?.lastUse?.from === "127.0.0.1") return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.fail("the last use did not reach the store");
    });

    it("warn of their expiry in the list and in their token responses, once for each threshold", async () => {
      const { api, service, clock } = world();
      const end = clock.now() + 100 * day;
      await register("ending");
      const { json } = await api.expect(201, "POST", "/clients/ending/secrets", {
        body: { expires_at: new Date(end).toISOString() },
      });
      const seen: unknown[] = [];
      for (const days of [91, 90, 60, 30, 14, 7, 1]) {
        clock.set(new Date(end - days * day).toISOString());
        const { headers } = await askForToken(service.url, "ending", String(json["client_secret"]));
        const token = await renewed(world());
        const shown = await api.expect(200, "GET", "/clients?q=ending", { token });
        const [client] = Object(shown.json["clients"]);
        seen.push([headers.get("carnet-expiry-warning"), client.warnings[0]?.within_days ?? null]);
      }
      const header = (within: number) =>
        `secret;id="${json["secret_id"]}";at=@${Math.floor(end / 1000)};within=${within}`;
      assert.deepEqual(seen, [[null, null], ...[90, 60, 30, 14, 7, 1].map((days) => [header(days), days])]);
      clock.set("2026-11-21T12:00:00Z");
    });
  });
}

const everyClient = {
  owner: null,
  visible: null,
  role: null,
  status: null,
  scope: null,
  labels: {},
  endingBefore: null,
  unusedSince: null,
  sort: { key: "client_id", descending: false },
  after: null,
  limit: 1000,
} as const;

/** A new admin token, because the clock has moved past the expiry of the first. */
async function renewed({ service }: AdminWorld): Promise<string> {
  const admin = service.server.bootstrapAdmin ?? assert.fail();
  const { json } = await askForToken(service.url, admin.clientId, admin.clientSecret.reveal());
  return String(json["access_token"]);
}
