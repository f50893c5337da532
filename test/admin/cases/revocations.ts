import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askForToken, tokenOf } from "../../support/admin-api.ts";
import { type AdminWorld, pointersOf } from "./world.ts";

/** Revocations of tokens: what they hit, what is refused, and the list. */
export function revocationCases(world: () => AdminWorld): void {
  const revoke = async (body: object, status = 201) =>
    (await world().api.expect(status, "POST", "/revocations", { body })).json;

  /** A client, and a way to ask whether a token is still good: an empty POST returns one that is. */
  const client = async (clientId: string) => {
    const { json } = await world().api.expect(201, "POST", "/clients", { body: { client_id: clientId } });
    const clientSecret = String(json["client_secret"]);
    return {
      secretId: String(Object(json["secrets"])[0].secret_id),
      getToken: () => tokenOf(world().service, { clientId, clientSecret }),
      status: async () => (await askForToken(world().service.url, clientId, clientSecret)).status,
    };
  };
  const isGood = async (token: string): Promise<boolean> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world().service.url}/oauth2/token`, { method: "POST", headers })).status === 200;
  };

  describe("a revocation", () => {
    it("of one token leaves the others of the client", async () => {
      const { getToken } = await client("revoked-one");
      const [token, other] = [await getToken(), await getToken()];
      const now = world().clock.now();
      const time = (seconds: number) => new Date(now + seconds * 1000).toISOString();
      assert.deepEqual(await revoke({ token }), {
        ...{ revoked: true, reason: null, kind: "token", client_id: "revoked-one", secret_id: null },
        ...{ issued_before: null, revoked_at: time(0), ends_at: time(86_400 + 60) },
        ...{ nodes_refuse_from: time(1), guards_refuse_from: time(2) },
      });
      assert.deepEqual([await isGood(token), await isGood(other)], [false, true]);
      const { revoked, reason } = await revoke({ token });
      assert.deepEqual([revoked, reason], [false, "already_revoked"]);
    });

    it("of all tokens of a client leaves the client, which gets valid ones at once", async () => {
      const { getToken } = await client("revoked-all");
      const [token, other] = [await getToken(), await getToken()];
      const { kind, client_id } = await revoke({ client_id: "revoked-all" });
      assert.deepEqual([kind, client_id], ["client", "revoked-all"]);
      assert.deepEqual([await isGood(token), await isGood(other)], [false, false]);
      assert.equal(await isGood(await getToken()), true);
      const { revoked, reason } = await revoke({ token });
      assert.deepEqual([revoked, reason], [false, "already_revoked"]);
    });

    it("of the tokens of a secret leaves the secret and the tokens of other secrets", async () => {
      const { api, service } = world();
      const { getToken, secretId } = await client("revoked-secret");
      const { json } = await api.expect(201, "POST", "/clients/revoked-secret/secrets", { body: {} });
      const second = { clientId: "revoked-secret", clientSecret: String(json["client_secret"]) };
      const [token, other] = [await getToken(), await tokenOf(service, second)];
      const { kind, secret_id } = await revoke({ client_id: "revoked-secret", secret_id: secretId });
      assert.deepEqual([kind, secret_id], ["secret", secretId]);
      assert.deepEqual([await isGood(token), await isGood(other)], [false, true]);
      assert.equal(await isGood(await getToken()), true);
    });

    it("of the tokens from before a time covers up to two seconds more", async () => {
      const { clock } = world();
      const { getToken } = await client("revoked-before");
      const token = await getToken();
      clock.advance(60_000);
      const later = await getToken();
      const { kind, issued_before } = await revoke({ client_id: "revoked-before", issued_before: "30s" });
      assert.equal(kind, "cut_off");
      const asked = clock.now() - 30_000;
      const reach = Date.parse(String(issued_before)) - asked;
      assert.ok(reach > 0 && reach <= 2000, `${reach}`);
      assert.deepEqual([await isGood(token), await isGood(later)], [false, true]);
      const { revoked } = await revoke({ client_id: "revoked-before", issued_before: "1h" });
      assert.equal(revoked, false);
    });

    it("of the tokens of all clients from before a time names no client", async () => {
      const { kind, client_id, secret_id } = await revoke({ issued_before: "2026-01-01" });
      assert.deepEqual([kind, client_id, secret_id], ["cut_off", null, null]);
    });

    it("of what is no valid token of this service says that nothing had to be revoked", async () => {
      const { getToken } = await client("revoked-late");
      const token = await getToken();
      const altered = `${token.slice(0, -4)}${token.endsWith("AAAA") ? "BBBB" : "AAAA"}`;
      for (const text of ["", "nonsense", altered, "a".repeat(16_384)])
        assert.equal((await revoke({ token: text }))["reason"], "not_valid");
      world().clock.advance(86_461_000); // verifiers may accept it for a minute longer
      const { service } = world();
      const admin = service.server.bootstrapAdmin ?? assert.fail();
      const fresh = await tokenOf(service, { ...admin, clientSecret: admin.clientSecret.reveal() });
      const call = { body: { token }, token: fresh };
      assert.equal((await world().api.expect(201, "POST", "/revocations", call)).json["reason"], "not_valid");
      world().clock.advance(-86_461_000);
    });

    it("of the token of a deleted client says that it is revoked already", async () => {
      const { getToken } = await client("revoked-deleted");
      const token = await getToken();
      await world().api.expect(204, "DELETE", "/clients/revoked-deleted");
      assert.equal((await revoke({ token }))["reason"], "already_revoked");
    });

    it("is refused for members that do not go together, and for a time in the future", async () => {
      await client("revoked-never");
      const client_id = "revoked-never";
      for (const [body, pointer] of [
        [{}, ""],
        [{ token: "t", client_id }, "/token"],
        [{ token: "t", issued_before: "1h" }, "/token"],
        [{ token: "t".repeat(16_385) }, "/token"],
        [{ secret_id: "s" }, "/secret_id"],
        [{ client_id, secret_id: "s", issued_before: "1h" }, "/secret_id"],
        [{ client_id, issued_before: "2026-11-22T12:00:00Z" }, "/issued_before"],
        [{ issued_before: "yesterday" }, "/issued_before"],
      ] as const)
        assert.deepEqual(pointersOf(await revoke(body, 422)), [pointer], JSON.stringify(body));
    });

    it("is refused for a client or a secret that does not exist", async () => {
      for (const body of [
        { client_id: "nobody" },
        { client_id: "nobody", issued_before: "1h" },
        { client_id: "revoked-never", secret_id: "aaaaaaaaaaaaaaaa" },
      ])
        assert.equal((await revoke(body, 404))["type"], "urn:carnet:problem:not_found");
    });
  });

  describe("disabling, deleting and another username", () => {
    for (const [title, method, suffix, body] of [
      ["disabling", "POST", "/disable", undefined],
      ["deleting", "DELETE", "", undefined],
      ["another username", "PATCH", "", { username: "grace" }],
    ] as const)
      it(`revoke the tokens of the client: ${title}`, async () => {
        const { api } = world();
        const id = `revoked-by-${method.toLowerCase()}`;
        await client(id);
        await api.call(method, `/clients/${id}${suffix}`, body && { body });
        const { json } = await api.expect(200, "GET", `/revocations?client_id=${id}`);
        assert.deepEqual(
          Object(json["revocations"]).map(({ kind }: { kind: string }) => kind),
          ["client"],
        );
      });
  });

  describe("the list of revocations", () => {
    const list = async (query: string) => {
      const { json, headers } = await world().api.expect(200, "GET", `/revocations?${query}`);
      const revocations: readonly Readonly<Record<string, unknown>>[] = Object(json["revocations"]);
      return { revocations, next: json["next"], link: headers.get("link") };
    };

    it("has those of a client in pages, each once, without a handle or a hash [RFC8288 §3]", async () => {
      const { getToken } = await client("listed");
      for (const _ of [1, 2, 3]) await revoke({ token: await getToken() });
      const whole = (await list("client_id=listed")).revocations;
      const names = ["kind", "client_id", "issued_before", "revoked_at", "ends_at"];
      assert.deepEqual(
        whole.map((one) => Object.keys(one)),
        [names, names, names],
      );
      const first = await list("client_id=listed&limit=2");
      assert.deepEqual(first.link, `</admin/v1/revocations?client_id=listed&limit=2&cursor=${first.next}>; rel="next"`);
      const rest = await list(`client_id=listed&limit=2&cursor=${first.next}`);
      assert.deepEqual([...first.revocations, ...rest.revocations], whole);
      assert.deepEqual([rest.next, rest.link], [null, null]);
    });

    it("is empty for a client that does not exist, and for an id that none can have", async () => {
      for (const id of ["nobody", "%00", ""]) assert.deepEqual((await list(`client_id=${id}`)).revocations, []);
    });

    it("refuses a cursor that it did not make, and one with a count in it", async () => {
      for (const cursor of ["x", "Mg", Buffer.from("2").toString("base64url")]) {
        const { json } = await world().api.expect(422, "GET", `/revocations?cursor=${cursor}`);
        assert.deepEqual(pointersOf(json), ["/cursor"]);
      }
    });
  });

  describe("a revoked secret", () => {
    const revokeSecret = (id: string, secretId: string, query = "", status = 204) =>
      world().api.expect(status, "DELETE", `/clients/${id}/secrets/${secretId}${query}`);
    const revocationsOf = async (id: string): Promise<number> =>
      Object((await world().api.expect(200, "GET", `/revocations?client_id=${id}`)).json["revocations"]).length;

    it("keeps its tokens by default, and they can be revoked afterwards", async () => {
      const { secretId, status } = await client("secret-then-tokens");
      await revokeSecret("secret-then-tokens", secretId);
      assert.deepEqual([await status(), await revocationsOf("secret-then-tokens")], [401, 0]);
      await revokeSecret("secret-then-tokens", secretId);
      assert.equal(await revocationsOf("secret-then-tokens"), 0);
      await revokeSecret("secret-then-tokens", secretId, "?with_tokens=true");
      assert.equal(await revocationsOf("secret-then-tokens"), 1);
    });

    it("loses its tokens by default if the client is an admin, once", async () => {
      const { api } = world();
      for (const [id, query, found] of [
        ["secret-of-admin", "", 1],
        ["secret-of-admin-kept", "?with_tokens=false", 0],
      ] as const) {
        const { json } = await api.expect(201, "POST", "/clients", { body: { client_id: id, role: "auditor" } });
        const secretId = String(Object(json["secrets"])[0].secret_id);
        await revokeSecret(id, secretId, query);
        await revokeSecret(id, secretId, query);
        assert.equal(await revocationsOf(id), found, id);
      }
    });

    it("is refused with another value of with_tokens", async () => {
      const { secretId } = await client("secret-with-nonsense");
      const { json } = await revokeSecret("secret-with-nonsense", secretId, "?with_tokens=yes", 422);
      assert.deepEqual(pointersOf(json), ["/with_tokens"]);
    });
  });
}
