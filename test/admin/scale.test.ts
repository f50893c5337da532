// Searching ten thousand clients takes about as long as listing them, and any import takes the same memory. A team is
// listed as quickly in a large registry as in one of its own.
// SCALE_CLIENTS makes it larger (`npm run soak`).
import assert from "node:assert/strict";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { clientSortKeys } from "@carnet/core/client/client-store";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { requestToken, type ServingCarnet, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";

const size = Number(process.env["SCALE_CLIENTS"] ?? 10_000);

/** The heap limit of each process in megabytes, independent of the number of clients. */
const heap = { service: 64, commandLine: 48 } as const;
const smallHeap = { NODE_OPTIONS: `--max-old-space-size=${heap.service}` };

/** How many clients of the registry belong to the owner of the applied file, and how many clients the team has. */
const applied = Math.min(size, 10_000);
const teamSize = 300;

const secretOf = (number: number): string => `imported-secret-${number}-abcdefghij`;

describe(`a registry of ${size} clients`, () => {
  const cleanup = new AsyncDisposableStack();
  let folder: TemporaryFolder;
  let carnet: ServingCarnet;
  let admin: Caller;
  before(async () => {
    folder = cleanup.use(await temporaryFolder());
    carnet = cleanup.use(await serveCarnet({ folder: folder.path, env: smallHeap }));
    admin = await platformAdmin(carnet, folder);
    await admin.post("/owners", { name: "platform" });
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
  });

  it("is listed page by page, with each client once", async () => {
    const seen = new Set<string>();
    for (let cursor = ""; ; ) {
      const { ids, next } = await admin.list(`limit=1000${cursor}`);
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
    for (const query of queries) times.set(query || "by id", await fastest(() => admin.list(`${query}&limit=100`)));
    t.diagnostic([...times].map(([query, time]) => `${query}: ${time.toFixed(1)} ms`).join(", "));
    const page = times.get("by id") ?? Number.NaN;
    // Sorting and searching scan all clients in the database
    const most = 10 * Math.max(1, size / 10_000);
    for (const [query, time] of times) assert.ok(time < most * page, `${query}: ${time} ms, a page ${page} ms`);
  });

  it("is compared with a file of as many clients in one run, which finds the one missing client", async (t) => {
    const file = folder.file("clients.yaml");
    const lines = Array.from({ length: applied }, (_, number) => [
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
    assert.deepEqual({ counts, unchanged: plan.unchanged }, { counts: [["create", 1]], unchanged: applied });
  });

  it("lists a team as quickly as a registry that has this team alone", async (t) => {
    await using small = await temporaryFolder();
    await using alone = await serveCarnet({ folder: small.path, env: smallHeap });
    const inLarge = await teamAdmin(carnet, admin);
    const inSmall = await teamAdmin(alone, await platformAdmin(alone, small));
    const sorts = clientSortKeys.flatMap((key) => [`sort=${key}`, `sort=-${key}`]);
    const filters = ["owner=payments", "q=payments-2", "label=team%3Dt7", "scope=file:read", "status=active"];
    const times: string[] = [];
    for (const query of [...sorts, ...filters, "ending_within_days=30", "unused_for_days=1"]) {
      const found = await inLarge.list(`${query}&limit=1000`);
      const foundAlone = await inSmall.list(`${query}&limit=1000`);
      assert.deepEqual(new Set(found.ids), new Set(foundAlone.ids), query);
      const time = { large: Number.POSITIVE_INFINITY, small: Number.POSITIVE_INFINITY };
      // In turns, and longer if noise hit one of them
      for (let turn = 0; turn < 7 || (turn < 100 && time.large > 1.5 * time.small); turn++) {
        time.large = Math.min(time.large, await timeOf(() => inLarge.list(`${query}&limit=100`)));
        time.small = Math.min(time.small, await timeOf(() => inSmall.list(`${query}&limit=100`)));
      }
      const both = `${query}: ${time.large.toFixed(1)} ms, alone ${time.small.toFixed(1)} ms`;
      assert.ok(time.large <= 1.5 * time.small, both);
      times.push(both);
    }
    t.diagnostic(times.join("; "));
  });

  async function writeClients(file: string): Promise<void> {
    const lines = createWriteStream(file);
    for (let number = 0; number < size; number++) {
      const client = {
        client_id: `client-${number}`,
        client_name: `Client ${number}`,
        scope: "file:read file:write",
        // As if a file had been applied before
        ...(number < applied ? { owner: "platform" } : {}),
        labels: { team: `t${number % 50}`, ...(number < applied ? { applied: "before" } : {}) },
        secret: { value: secretOf(number) },
      };
      if (!lines.write(`${JSON.stringify(client)}\n`)) await once(lines, "drain");
    }
    lines.end();
    await once(lines, "close");
  }
});

/** A client of the admin API. */
class Caller {
  readonly #api: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url }: ServingCarnet, token: string) {
    this.#api = `${url}/admin/v1`;
    this.#headers = { authorization: `Bearer ${token}` };
  }

  async list(query: string): Promise<{ readonly ids: readonly string[]; readonly next: string | null }> {
    const response = await fetch(`${this.#api}/clients?${query}`, { headers: this.#headers });
    const body = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    const clients: readonly { readonly client_id: string }[] = body.clients;
    return { ids: clients.map(({ client_id }) => client_id), next: body.next };
  }

  async post(path: string, body: object) {
    const headers = { ...this.#headers, "content-type": "application/json" };
    const response = await fetch(`${this.#api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }
}

async function platformAdmin(carnet: ServingCarnet, folder: TemporaryFolder): Promise<Caller> {
  return signedIn(carnet, JSON.parse(await readFile(folder.file("admin.json"), "utf8")));
}

/** Makes the team and its clients, and signs in as its admin. */
async function teamAdmin(carnet: ServingCarnet, admin: Caller): Promise<Caller> {
  await admin.post("/owners", { name: "payments" });
  const clients = Array.from({ length: teamSize }, (_, number) => ({
    client_id: `payments-${number}`,
    client_name: `Payments ${(number * 7) % teamSize}`,
    owner: "payments",
    scope: "file:read",
    labels: { team: `t${number % 50}` },
    secret: { value: `payments-secret-${number}-abcdefghij` },
  }));
  assert.equal((await admin.post("/clients/import", { clients })).imported, teamSize);
  const role = { role: "admin", role_owners: ["payments"] };
  return signedIn(carnet, await admin.post("/clients", { client_id: "payments-admin", ...role }));
}

async function signedIn(
  carnet: ServingCarnet,
  { client_id, client_secret }: { readonly client_id: string; readonly client_secret: string },
): Promise<Caller> {
  const response = await requestToken(carnet.url, client_id, client_secret);
  return new Caller(carnet, (await response.json()).access_token);
}

/** The milliseconds of the fastest of seven rounds, since noise only makes a request slower. */
async function fastest(run: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < 7; round++) taken.push(await timeOf(run));
  return Math.min(...taken);
}

/** In milliseconds. */
async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}
