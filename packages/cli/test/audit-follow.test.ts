import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { CarnetProcess, carnetBin } from "@carnet/testkit/carnet-process";
import { serveCarnet } from "@carnet/testkit/serve-carnet";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { type AdminService, startAdminService } from "./support/admin-service.ts";

suite("carnet audit tail --follow", () => {
  test("prints each new event once, even after the service was down", async () => {
    await using folder = await temporaryFolder();
    const env = { CARNET_ADMIN_FILE: folder.file("admin.json") };
    const first = await serveCarnet({ folder: folder.path });
    const { client_id, client_secret } = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
    await using tail = new CarnetProcess(["audit", "tail", "-n", "1", "--follow", "--json"], { env });
    await tail.prints("stdout", /\n/);
    const ids = [];
    for (const id of ["request-one", "request-two"]) {
      ids.push(id);
      await askAs(id, first.url);
      await tail.prints("stdout", new RegExp(`"request_id":"${id}"`));
    }
    const port = new URL(first.url).port;
    first.process.kill("SIGTERM");
    await first.process.finished();
    await tail.prints("stderr", /The service does not answer/);
    await using second = new CarnetProcess(
      ["serve", "--host", "127.0.0.1", "--port", port, "--issuer", first.url, "--data-dir", folder.path],
      {},
    );
    await second.prints("stdout", /"event":"listening"/);
    ids.push("request-three");
    await askAs("request-three", first.url);
    await tail.prints("stdout", /"request_id":"request-three"/);
    await tail.prints("stderr", /The service answers again\./);
    assert.deepEqual(
      tail.stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).notice.message),
      ["The service does not answer. Waiting for it, until Ctrl+C.", "The service answers again."],
    );
    const printed = tail.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const id of ids) assert.equal(printed.filter(({ request_id }) => request_id === id).length, 1, id);
    assert.equal(new Set(printed.map(({ id }) => id)).size, printed.length);

    async function askAs(id: string, url: string): Promise<void> {
      const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
      const response = await fetch(`${url}/oauth2/token`, { method: "POST", body, headers: { "x-request-id": id } });
      assert.equal(response.status, 200);
      await response.text();
    }
  });

  test("begins with as many events as asked for, and prints no older ones later", async () => {
    await using service = await startAdminService();
    for (let number = 0; number < 5; number++) await askAs(`early-${number}`, service);
    await using tail = follow(service, "-n", "1");
    await tail.prints("stdout", /\n/);
    await askAs("late", service);
    await tail.prints("stdout", /"request_id":"late"/);
    assert.doesNotMatch(tail.stdout, /"request_id":"early/);
    const times = [...tail.stdout.matchAll(/^\{"time":"([^"]+)"/gm)].map(([, time]) => time);
    assert.ok(times.length >= 2);
    assert.deepEqual(times, times.toSorted());
  });

  test("ends when npx, which started it, is killed", async () => {
    await using service = await startAdminService();
    const tail = ["audit", "tail", "--follow"];
    await using npx = new CarnetProcess([], {
      env: { CARNET_ADMIN_FILE: service.adminFile, npm_lifecycle_event: "npx" },
      command: ["sh", "-c", '"$@"; exit 1', "sh", process.execPath, carnetBin, ...tail],
    });
    await npx.prints("stdout", /started carnet/);
    npx.kill("SIGKILL");
    await npx.finished(); // only when everything that writes to its output has ended
  });

  test("goes on when the clock of the service is set back, and prints no event twice", async () => {
    let ahead = 60_000;
    await using service = await startAdminService({ clock: { now: () => Date.now() + ahead } });
    await using tail = follow(service, "-n", "10");
    await tail.prints("stdout", /"event":"service_started"/);
    await askAs("before", service);
    await tail.prints("stdout", /"request_id":"before"/);
    ahead = 0;
    for (const id of ["after", "long-after"]) {
      await askAs(id, service);
      await tail.prints("stdout", new RegExp(`"request_id":"${id}"`));
    }
    const ids = [...tail.stdout.matchAll(/"id":"([^"]+-[^"]+)","event"/g)].map(([, id]) => id);
    assert.ok(ids.length >= 4);
    assert.equal(new Set(ids).size, ids.length);
  });
});

const follow = ({ adminFile }: AdminService, ...args: readonly string[]) =>
  new CarnetProcess(["audit", "tail", "--follow", "--json", ...args], { env: { CARNET_ADMIN_FILE: adminFile } });

async function askAs(id: string, { service, admin: { client_id, client_secret } }: AdminService): Promise<void> {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  const init = { method: "POST", body, headers: { "x-request-id": id } };
  assert.equal((await fetch(`${service.url}/oauth2/token`, init)).status, 200);
}
