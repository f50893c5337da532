// The guide to two nodes, followed from its first line to its last by somebody with an empty PostgreSQL.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { sharedPostgres } from "@carnet/testkit/postgres-server";
import { decodeJwt } from "jose";
import { writeNginxStandIn } from "../support/nginx-stand-in.ts";
import { readersFolder, runBlock, saveFiles, stopped } from "../support/reader.ts";

const page = join(import.meta.dirname, "../../docs/operate/two-nodes.md");

test("the guide to two nodes works from nothing to a stopped node", async () => {
  const postgres = await sharedPostgres();
  const { folder, env } = await readersFolder();
  await using _ = folder;
  if (spawnSync("nginx", ["-v"]).status !== 0) writeNginxStandIn(folder.file("bin"));
  const guide = await withOwnPorts(readFileSync(page, "utf8"), postgres.port);
  writeFileSync(folder.file("guide.md"), guide);

  const [sql = ""] = [...guide.matchAll(/^```sql\n(.*?)^```/gms)].map(([, text = ""]) => text);
  for (const statement of sql.split(";\n").filter((text) => text !== "")) await postgres.query(statement);
  assert.deepEqual(saveFiles(folder.file("guide.md"), folder.path), ["carnet.yaml", "nginx.conf"]);

  const printed: string[] = [];
  try {
    for (const [, commands = ""] of guide.matchAll(/^```sh\n(.*?)^```/gms))
      printed.push(await runBlock(commands, folder.path, env));

    await postgres.stop();
    const proxy = /^issuer: (.*)$/m.exec(guide)?.[1] ?? "";
    const { client_secret: secret } = JSON.parse(readFileSync(folder.file("secrets/first.json"), "utf8"));
    for (let n = 0; n < 3; n++) assert.match(String(await statusOf(proxy, "unknown")), /^50[23]$/);
    assert.equal(await statusOf(proxy, secret), 200, "refusals must not close the proxy to known clients");
  } finally {
    await postgres.start();
    for (const name of ["node-1", "node-2", "nginx"]) stop(folder.file(`${name}.pid`));
    for (const name of ["node-1", "node-2"]) await stopped(folder.file(`${name}.log`));
  }
  const tokens = printed.map((text) => text.trim()).filter((text) => text.startsWith("eyJ"));
  assert.equal(tokens.length, 2, printed.join("\n"));
  const [first, second] = tokens.map((token) => decodeJwt(token));
  assert.equal(first?.iss, /^issuer: (.*)$/m.exec(guide)?.[1]);
  assert.equal(first?.sub, second?.sub);
  assert.notEqual(first?.jti, second?.jti);
});

/** The page with free ports in place of those that it names. */
async function withOwnPorts(text: string, postgresPort: number): Promise<string> {
  const ports = new Map([[5432, postgresPort]]);
  for (const port of [8080, 8081, 8082]) ports.set(port, await freePort());
  return text.replace(/\b(5432|808[012])\b/g, (port) => String(ports.get(Number(port))));
}

async function statusOf(proxy: string, secret: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "first", client_secret: secret });
  return (await fetch(`${proxy}/oauth2/token`, { method: "POST", body })).status;
}

/** Stops a process that the guide started, if it is still there. */
function stop(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGTERM");
  } catch {
    // It has ended, or was never started
  }
}
