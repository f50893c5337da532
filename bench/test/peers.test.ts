import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const output = mkdtempSync(join(tmpdir(), "carnet-bench-test-"));
after(() => rmSync(output, { recursive: true, force: true }));

const token = JSON.stringify({ access_token: "opaque", token_type: "Bearer", expires_in: 600, scope: "file:read" });

/** Starts a peer that answers with the status for each request, or not at all. */
async function peer(statusOf: (request: number) => number | undefined) {
  let seen = 0;
  const server = createServer((request, response) => {
    request.resume();
    const status = statusOf(seen++);
    if (status === undefined) return;
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": token.length });
    response.end(token);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Starts a peer in a process of its own that exits after some answers. */
async function exitingPeer(answers: number) {
  const script = `
    let left = ${answers};
    const server = require("node:http").createServer((request, response) => {
      request.resume();
      if (left-- === 0) process.exit(0);
      response.writeHead(200, { "Content-Length": ${token.length} }).end(${JSON.stringify(token)});
    }).listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  const [line]: [Buffer] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(line.toString()), pid: child.pid };
}

async function closedPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function bench(...args: readonly string[]) {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [status] = await once(child, "exit");
  return { status, stderr };
}

test("a peer that fails is reported in its row, and the others are measured to the end", async () => {
  const exiting = await exitingPeer(30);
  const peers = {
    healthy: await peer(() => 200),
    absent: await closedPort(),
    unready: await peer(() => 503),
    refusing: await peer(() => 500),
    breaking: await peer((request) => (request < 30 ? 200 : 500)),
    silent: await peer(() => undefined),
    stalling: await peer((request) => (request < 30 ? 200 : undefined)),
    exiting: `${exiting.port}/,${exiting.pid}`,
    ended: `${await closedPort()}/,99999999`,
  };
  const named = Object.entries(peers).flatMap(([name, place]) => [
    "--peer",
    `${name}=http://127.0.0.1:${typeof place === "number" ? `${place}/` : place}`,
  ]);
  const { status, stderr } = await bench(
    ...["issuing", "--scale", "tiny", "--only", "carnet,floor", "--output", output, ...named],
  );
  assert.equal(status, 0, stderr);

  const { results }: { results: { name: string; failure?: string; closed: unknown[]; open: unknown[] }[] } = JSON.parse(
    readFileSync(join(output, "results/issuing.json"), "utf8"),
  );
  const failures: Record<string, RegExp> = {
    absent: /^it issued no token within 5 s: nothing listened on port \d+$/,
    unready: /^it issued no token within 5 s: it answered 503$/,
    refusing: /^it answered 500 to the first request$/,
    breaking: /^it answered 500 instead of 200 to \d+ requests?$/,
    silent: /^it gave no answer to the first request within 5 s$/,
    stalling: /^it gave no answer to \d+ requests? within 5 s$/,
    exiting: /^its process \d+ ended$|ECONNREFUSED/,
    ended: /^there is no process 99999999$/,
  };
  const page = readFileSync(join(output, "README.md"), "utf8");
  for (const { name, failure = "", closed, open } of results) {
    const expected = failures[name];
    if (expected === undefined) {
      assert.equal(failure, "", name);
      assert.ok(closed.length === 2 && open.length === 2, `${name} has all figures`);
    } else {
      assert.match(failure, expected, name);
      assert.equal(open.length, 0, `${name} has no figures of parts that it did not complete`);
      assert.ok(page.includes(`| ${name} | failed: ${failure} |`), `${name} has a row`);
    }
  }
  assert.equal(results.length, 11);
  assert.doesNotMatch(page, /NaN|undefined/);
});
