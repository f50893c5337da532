import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { CarnetProcess, type ProcessOptions, runCarnet } from "@carnet/testkit/carnet-process";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { freePort } from "@carnet/testkit/service";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { createRemoteJWKSet, jwtVerify } from "jose";

suite("carnet dev", () => {
  test("prints a curl line that gets a token when pasted into a shell", async () => {
    await using folder = await temporaryFolder();
    await using carnet = await startDev({ cwd: folder.path });
    const { stdout } = await promisify(execFile)("sh", ["-c", curlLine(carnet)]);
    const answer = JSON.parse(stdout);
    assert.deepEqual(Object.keys(answer), ["access_token", "expires_in", "scope", "token_type"]);
    assert.equal(answer.scope, "file:read file:write");
  });

  test("keeps its store and its keys to its owner", async () => {
    await using folder = await temporaryFolder();
    await using carnet = await startDev({ cwd: folder.path });
    const made = folder.file(".carnet");
    assert.equal(await modeOf(made), 0o700);
    const files = await readdir(made);
    assert.ok(files.includes("carnet.db") && files.includes("master.key"), files.join(" "));
    for (const file of files) assert.equal(await modeOf(join(made, file)), 0o600, file);
    carnet.kill("SIGTERM");
    await carnet.finished();
  });

  test("after a restart the demo client's secret still works, is not shown again, and an older token still verifies", async () => {
    await using folder = await temporaryFolder();
    const port = String(await freePort());
    const options = { cwd: folder.path, env: { CARNET_PORT: port } };
    let secret: string;
    let token: string;
    {
      await using first = await startDev(options);
      secret = secretIn(first);
      assert.equal(first.stdout.split(secret).length, 3, "once by itself and once in the curl line");
      token = (await (await requestToken(urlIn(first), "demo", secret)).json()).access_token;
      first.kill("SIGINT");
      assert.equal((await first.finished()).code, 0);
      assert.ok(!first.stderr.includes(secret), "the log goes to standard error");
    }
    await using second = await startDev(options);
    assert.ok(!(second.stdout + second.stderr).includes(secret));
    assert.match(second.stdout, /demo \(its secret was shown on the first start of .carnet\/carnet\.db\)/);
    const { stdout } = await promisify(execFile)("sh", ["-c", curlLine(second)], {
      env: { ...process.env, CARNET_CLIENT_SECRET: secret },
    });
    assert.equal(JSON.parse(stdout).token_type, "Bearer");
    const issuer = `http://localhost:${port}`;
    const keys = createRemoteJWKSet(new URL(`${urlIn(second)}/oauth2/jwks`));
    const verified = await jwtVerify(token, keys, { issuer, audience: issuer, typ: "at+jwt" });
    assert.equal(verified.payload["client_id"], "demo");
  });

  test("a client registered beside it gets a token at once", async () => {
    await using folder = await temporaryFolder();
    await using carnet = await startDev({ cwd: folder.path });
    const created = await runCarnet(["client", "create", "--json", "--scope", "x"], { cwd: folder.path });
    const { client_id, client_secret } = JSON.parse(created.stdout);
    const answer = await requestToken(urlIn(carnet), client_id, client_secret);
    assert.equal(answer.status, 200);
  });
});

/** Starts it on a free port, trying another one where that was taken meanwhile, and waits until all is said. */
async function startDev({
  cwd,
  env = {},
}: Pick<ProcessOptions, "cwd" | "env"> & { cwd: string }): Promise<CarnetProcess> {
  for (let tries = 1; ; tries++) {
    const port = env["CARNET_PORT"] ?? String(await freePort());
    const carnet = new CarnetProcess(["dev"], { cwd, env: { ...env, CARNET_PORT: port } });
    try {
      await carnet.prints("stdout", /Stop it with Ctrl\+C\.\n/);
      return carnet;
    } catch (error) {
      await carnet[Symbol.asyncDispose]();
      if (tries === 5 || !carnet.stderr.includes("is taken")) throw error;
    }
  }
}

const found = (carnet: CarnetProcess, pattern: RegExp): string => {
  const text = pattern.exec(carnet.stdout)?.[1];
  assert.ok(text, carnet.stdout);
  return text;
};
const curlLine = (carnet: CarnetProcess) => found(carnet, /^ +(curl .*)$/m);
const secretIn = (carnet: CarnetProcess) => found(carnet, /^Secret: +(\S+)/m);
const urlIn = (carnet: CarnetProcess) => found(carnet, /running at (\S+)/);
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
