// Searching ten thousand clients takes about as long as listing them, and any import takes the same memory.
// SCALE_CLIENTS makes it larger (`npm run soak`).
import assert from "node:assert/strict";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";

const size = Number(process.env["SCALE_CLIENTS"] ?? 10_000);

/** The heap limit of each process in megabytes, independent of the number of clients. */
const heap = { service: 64, commandLine: 48 } as const;

const secretOf = (number: number): string => `imported-secret-${number}-abcdefghij`;

describe(`a registry of ${size} clients`, () => {
  const cleanup = new AsyncDisposableStack();
  let folder: TemporaryFolder;
  let carnet: ServingCarnet;
  let adminToken: string;
  before(async () => {
    folder = cleanup.use(await temporaryFolder());
    const env = { NODE_OPTIONS: `--max-old-space-size=${heap.service}` };
    carnet = cleanup.use(await serveCarnet({ folder: folder.path, env }));
  });
  after(() => cleanup.disposeAsync());

  it("is imported in constant memory", async (t) => {
    const file = folder.file("clients.jsonl");
    await writeClients(file);
    const args = ["secret", "import", "--file", file, "--admin-file", folder.file("admin.json")];
    const env = { NODE_OPTIONS: `--max-old-space-size=${heap.commandLine}` };
    const start = process.hrtime.bigint();
    await using imported = new CarnetProcess(args, { env });
    const { code, stdout, stderr } = await imported.finished();
    t.diagnostic(`${Number((process.hrtime.bigint() - start) / 1_000_000n)} ms`);
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 0, stdout: `${size} imported, 0 unchanged, 0 failed.\n`, stderr: "" },
    );
    for (const number of [0, Math.floor(size / 2), size - 1]) {
      assert.equal((await requestToken(carnet.url, `client-${number}`, secretOf(number))).status, 200);
    }
    const { client_id, client_secret } = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
    adminToken = (await (await requestToken(carnet.url, client_id, client_secret)).json()).access_token;
  });

  const list = async (query: string) => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const response = await fetch(`${carnet.url}/admin/v1/clients?${query}`, { headers });
    const body = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    const clients: readonly { readonly client_id: string }[] = body.clients;
    return { ids: clients.map(({ client_id }) => client_id), next: body.next };
  };

  it("is listed page by page, with each client once", async () => {
    const seen = new Set<string>();
    for (let cursor = ""; ; ) {
      const { ids, next } = await list(`limit=1000${cursor}`);
      for (const id of ids) seen.add(id);
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    assert.equal(seen.size, size + 1, "all clients and the bootstrap admin");
  });

  it("is searched quickly: no search of ten thousand clients takes longer than listing ten pages", async (t) => {
    const queries = [
      ...["", "q=client-99", "q=nothing-like-this", "label=team%3Dt7", "scope=file:read", "sort=client_name"],
      ...["sort=-client_name", "sort=expires_at", "sort=-created_at", "ending_within_days=30", "status=disabled"],
    ];
    const times = new Map<string, number>();
    for (const query of queries) {
      const taken: number[] = [];
      for (let round = 0; round < 7; round++) {
        const start = process.hrtime.bigint();
        await list(`${query}&limit=100`.replace(/^&/, ""));
        taken.push(Number(process.hrtime.bigint() - start) / 1e6);
      }
      times.set(query || "by id", Math.min(...taken)); // noise only makes a request slower
    }
    t.diagnostic([...times].map(([query, time]) => `${query}: ${time.toFixed(1)} ms`).join(", "));
    const page = times.get("by id") ?? Number.NaN;
    // Sorting and searching scan all clients in the database
    const most = 10 * Math.max(1, size / 10_000);
    for (const [query, time] of times) assert.ok(time < most * page, `${query}: ${time} ms, a page ${page} ms`);
  });

  it("is compared with a file of as many clients in one run, which finds the one missing client", async (t) => {
    const owned = Math.min(size, 10_000);
    const file = folder.file("clients.yaml");
    const lines = Array.from({ length: owned }, (_, number) => [
      `  - client_id: client-${number}\n    client_name: Client ${number}\n`,
      `    scope: file:read file:write\n    labels:\n      team: t${number % 50}\n`,
    ]).flat();
    await writeFile(file, `owner: platform\nclients:\n${lines.join("")}  - client_id: one-more\n`);
    const start = process.hrtime.bigint();
    await using planned = new CarnetProcess(
      ["apply", "-f", file, "--dry-run", "--json", "--admin-file", folder.file("admin.json")],
      {},
    );
    const { stdout } = await planned.finished();
    t.diagnostic(`${Number((process.hrtime.bigint() - start) / 1_000_000n)} ms`);
    const plan: { readonly steps: readonly { readonly kind: string }[]; readonly unchanged: number } =
      JSON.parse(stdout);
    const kinds = Map.groupBy(plan.steps, ({ kind }) => kind);
    const counts = [...kinds].map(([kind, steps]) => [kind, steps.length]);
    assert.deepEqual({ counts, unchanged: plan.unchanged }, { counts: [["create", 1]], unchanged: owned });
  });

  async function writeClients(file: string): Promise<void> {
    const lines = createWriteStream(file);
    for (let number = 0; number < size; number++) {
      const client = {
        client_id: `client-${number}`,
        client_name: `Client ${number}`,
        scope: "file:read file:write",
        labels: { team: `t${number % 50}`, ...(number < 10_000 ? { "managed-by": "platform" } : {}) },
        secret: { value: secretOf(number) },
      };
      if (!lines.write(`${JSON.stringify(client)}\n`)) await once(lines, "drain");
    }
    lines.end();
    await once(lines, "close");
  }
});
