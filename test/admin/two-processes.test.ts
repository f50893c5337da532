import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";

/** Far longer than the half second that a change takes to reach other processes. */
const patience = 20_000;

describe("two processes on one store, when one of them makes a change", () => {
  const cleanup = new AsyncDisposableStack();
  let folder: TemporaryFolder;
  let changing: ServingCarnet;
  let other: ServingCarnet;
  let token: string;
  before(async () => {
    folder = cleanup.use(await temporaryFolder());
    changing = cleanup.use(await serveCarnet({ folder: folder.path }));
    // Both have the same issuer, so the admin token of one is valid at the other
    const args = ["--issuer", changing.url];
    other = cleanup.use(await serveCarnet({ folder: folder.path, args }));
    const { client_id, client_secret } = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
    token = (await (await requestToken(changing.url, client_id, client_secret)).json()).access_token;
  });
  after(() => cleanup.disposeAsync());

  const send = (at: ServingCarnet, bearer: string, [method, path, body]: [string, string, object | undefined]) =>
    fetch(`${at.url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  async function call(at: ServingCarnet, method: string, path: string, body?: object) {
    const response = await send(at, token, [method, path, body]);
    const text = await response.text();
    assert.ok(response.ok, text);
    return text === "" ? {} : JSON.parse(text);
  }

  /** Registers a client, and makes the other process cache it. */
  async function register(settings: object) {
    const { client_id: id, client_secret: secret } = await call(changing, "POST", "/clients", settings);
    const first = await requestToken(other.url, id, secret);
    assert.equal(first.status, 200, "a new client gets tokens from every process at once");
    return { id, secret, scope: (await first.json()).scope };
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (const start = Date.now(); !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20))) {
      assert.ok(Date.now() - start < patience, "the change did not reach the other process");
    }
  }

  it("a revoked secret is refused by both, and a new one is accepted by both at once", async () => {
    const { id, secret } = await register({});
    const added = await call(changing, "POST", `/clients/${id}/secrets`, {});
    assert.equal((await requestToken(other.url, id, added.client_secret)).status, 200);
    const [first] = (await call(changing, "GET", `/clients/${id}/secrets`)).secrets;
    await call(changing, "DELETE", `/clients/${id}/secrets/${first.secret_id}`);
    assert.equal((await requestToken(changing.url, id, secret)).status, 401);
    await until(async () => (await requestToken(other.url, id, secret)).status === 401);
    assert.equal((await requestToken(other.url, id, added.client_secret)).status, 200);
  });

  it("claims of a scope and of a client are in the tokens of both, and so is their end", async () => {
    const { id, secret } = await register({ scope: "file:read" });
    const claimsAt = async (at: ServingCarnet) => {
      const { access_token } = await (await requestToken(at.url, id, secret)).json();
      const { tier, region } = JSON.parse(Buffer.from(access_token.split(".")[1], "base64url").toString());
      return JSON.stringify([tier, region]);
    };
    const put = (claims: object | null) =>
      call(changing, "PUT", "/scopes/file%3Aread", { description: "Read files", claims });
    await put({ tier: "gold" });
    await call(changing, "PATCH", `/clients/${id}`, { claims: { region: "eu" } });
    assert.equal(await claimsAt(changing), '["gold","eu"]', "at once where it was changed");
    await until(async () => (await claimsAt(other)) === '["gold","eu"]');
    await put(null);
    await call(changing, "PATCH", `/clients/${id}`, { claims: { region: null } });
    assert.equal(await claimsAt(changing), "[null,null]");
    await until(async () => (await claimsAt(other)) === "[null,null]");
  });

  it("a client is narrowed, disabled and deleted in both", async () => {
    const { id, secret, scope } = await register({ scope: "file:read file:write" });
    assert.equal(scope, "file:read file:write");
    await call(changing, "PATCH", `/clients/${id}`, { scope: "file:read" });
    await until(async () => (await (await requestToken(other.url, id, secret)).json()).scope === "file:read");
    await call(changing, "POST", `/clients/${id}/disable`);
    await until(async () => (await requestToken(other.url, id, secret)).status === 401);
    await call(changing, "POST", `/clients/${id}/enable`);
    assert.equal((await requestToken(other.url, id, secret)).status, 200, "a refused client is read again");
    await call(changing, "DELETE", `/clients/${id}`);
    await until(async () => (await requestToken(other.url, id, secret)).status === 401);
  });

  it("a role that is taken away counts at once in both, even for tokens that were issued before", async () => {
    for (const [end, refusals] of [
      [{ role: "operator" }, [403, 200]],
      [{ role: "auditor" }, [403, 200]],
      [{ role: null }, [401, 401]],
      [{ status: "disabled" }, [401, 401]],
    ] as const) {
      const { client_id: id, client_secret: secret } = await call(changing, "POST", "/clients", { role: "admin" });
      const tokens = [];
      for (const at of [changing, other]) {
        const issued = (await (await requestToken(at.url, id, secret)).json()).access_token;
        tokens.push(issued);
        assert.equal((await send(at, issued, ["POST", "/clients", {}])).status, 201);
      }
      await call(changing, "PATCH", `/clients/${id}`, end);
      for (const at of [other, changing]) {
        for (const issued of tokens) {
          const write = await send(at, issued, ["POST", "/clients", {}]);
          const read = await send(at, issued, ["GET", "/clients?limit=1", undefined]);
          assert.deepEqual([write.status, read.status], refusals, JSON.stringify(end));
        }
      }
      // The other process may issue a token from memory for up to a second, but that one is refused as well
      const late = await requestToken(other.url, id, secret);
      if (late.status !== 200) continue;
      const { access_token } = await late.json();
      assert.equal(
        (await send(other, access_token, ["POST", "/clients", {}])).status,
        refusals[0],
        JSON.stringify(end),
      );
    }
  });

  it("the last use of a secret in one is shown in the other", async () => {
    const { id } = await register({});
    await until(async () => (await call(changing, "GET", `/clients/${id}/secrets`)).secrets[0].last_used_at !== null);
  });

  it("concurrent changes of one client in both are all kept", async () => {
    const { id } = await register({});
    const added = Array.from({ length: 8 }, (_, number) =>
      call(number % 2 === 0 ? changing : other, "POST", `/clients/${id}/secrets`, { label: `${number}` }),
    );
    await Promise.all(added);
    const { secrets } = await call(changing, "GET", `/clients/${id}/secrets`);
    const labels = secrets.map(({ label }: { label: string | null }) => label).sort();
    assert.deepEqual(labels, ["0", "1", "2", "3", "4", "5", "6", "7", null]);
  });
});
