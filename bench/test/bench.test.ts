import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const output = mkdtempSync(join(tmpdir(), "carnet-bench-test-"));
after(() => rmSync(output, { recursive: true, force: true }));

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: "utf8", timeout: 120_000 });

const read = (mode: string) => JSON.parse(readFileSync(join(output, "results", `${mode}.json`), "utf8")).results;

test("a short run measures every mode and contender, and writes the page and its plots", () => {
  const { status, stderr } = bench("--scale", "tiny", "--output", output);
  assert.equal(status, 0, stderr);
  const issuing: { name: string; closed: { slices: { rate: number; user: number }[] }[]; token: object }[] =
    read("issuing");
  const names = ["carnet", "floor", "fastify-floor", "oidc-provider", "node-oauth", "jmondi", "better-auth"];
  assert.deepEqual(
    issuing.map(({ name }) => name),
    names,
  );
  for (const { name, closed } of issuing) {
    for (const { slices } of closed) assert.ok(slices.length > 0 && slices.every(({ rate }) => rate > 0), name);
  }
  assert.deepEqual(
    read("registry").map(
      ({ clients, distribution }: { clients: number; distribution: string }) => `${clients} ${distribution}`,
    ),
    ["10 uniform", "10 zipf", "100 uniform", "100 zipf"],
  );
  const namesIn = (mode: string) => read(mode).map(({ name }: { name: string }) => name);
  assert.deepEqual(namesIn("workers"), ["carnet", "carnet-workers-2", "floor", "floor-2"]);
  assert.deepEqual(namesIn("stores"), ["carnet", "carnet-postgres"]);
  assert.ok(read("refusals").wrongSecrets.length > 0);
  assert.deepEqual(
    read("revocations").map(({ revocations }: { revocations: number }) => revocations),
    [10, 1000],
  );
  for (const { recorded, strict, unrecorded } of read("recording"))
    assert.deepEqual([recorded.length, strict.length], [unrecorded.length, unrecorded.length]);
  assert.ok(read("profile").tokens.shares.some(({ name }: { name: string }) => name.startsWith("signing")));
  assert.equal(read("sdk")[0].herd.tokenRequests, 1);
  const { bare, verifiers } = read("guard");
  assert.ok(bare.time.length > 0 && verifiers[0].cached.time[0] < verifiers[0].uncached.time[0]);
  const page = readFileSync(join(output, "README.md"), "utf8");
  assert.doesNotMatch(page, /NaN|undefined/);
  assert.match(page, /\| issuing \| (–|[0-9a-f]{10}\+?) \|/, "the page names the measured commit");
  assert.doesNotMatch(page, /## Goals/, "a short run judges no goals");
  const plots = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
  assert.ok(plots.length >= 4);
  for (const plot of plots) assert.ok(existsSync(join(output, plot)), plot);
});

test("recording is also measured with worker processes", () => {
  const folder = join(output, "workers");
  const { status, stderr } = bench("recording", "--workers", "2", "--scale", "tiny", "--output", folder);
  assert.equal(status, 0, stderr);
  assert.match(readFileSync(join(folder, "README.md"), "utf8"), /Carnet with 2 workers, with its journal/);
});

test("invalid arguments are refused with what is accepted, and nothing is started", () => {
  const unknown = bench("issueing");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /there is no mode "issueing"\. Use issuing, workers, stores, recording/);
  const file = bench("--output", main);
  assert.equal(file.status, 2);
  assert.match(file.stderr, /--output cannot be .*, because it is a file/);
  const baseline = bench("--baseline", output);
  assert.equal(baseline.status, 2);
  assert.match(baseline.stderr, /--baseline cannot be .*, because it is not a checkout of Carnet/);
  const workers = bench("--workers", "two");
  assert.equal(workers.status, 2);
  assert.match(workers.stderr, /--workers cannot be "two"\. Give a number from 1 to 99/);
  const twice = bench("--peer", "floor=http://127.0.0.1:1/");
  assert.equal(twice.status, 2);
  assert.match(twice.stderr, /there is another contender "floor"\. Rename the peer/);
  const requested = bench("--with", "hydro");
  assert.equal(requested.status, 2);
  assert.match(requested.stderr, /there is no peer "hydro"\. Use hydra, keycloak/);
  const peer = bench("--peer", "far=http://192.0.2.1/token");
  assert.equal(peer.status, 2);
  assert.match(peer.stderr, /Accepted: name=http:\/\/127\.0\.0\.1:PORT\/PATH/);
});
