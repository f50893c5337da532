import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { CarnetProcess, carnetBin, type ProcessOptions, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { requestToken } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { allowInsecureRequests, ClientSecretBasic, clientCredentialsGrant, discovery } from "openid-client";

suite("carnet dev, started once", () => {
  let folder: TemporaryFolder;
  let carnet: CarnetProcess;
  before(async () => {
    folder = await temporaryFolder();
    carnet = await startDev({ cwd: folder.path });
  });
  after(async () => {
    await carnet[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("prints a curl line that gets a token when pasted into a shell", async () => {
    const { stdout } = await promisify(execFile)("sh", ["-c", curlLine(carnet)]);
    const answer = JSON.parse(stdout);
    assert.deepEqual(Object.keys(answer), ["access_token", "expires_in", "scope", "token_type"]);
    assert.equal(answer.scope, "file:read file:write");
  });

  test("prints, listens on and issues one name, so that discovery on the printed address works", async () => {
    const url = urlIn(carnet);
    const { port } = new URL(url);
    assert.equal(url, `http://localhost:${port}`);
    for (const algorithm of ["oauth2", "oidc"] as const) {
      const found = await discovery(new URL(url), "demo", {}, ClientSecretBasic(secretIn(carnet)), {
        algorithm,
        execute: [allowInsecureRequests],
      });
      assert.equal(found.serverMetadata().issuer, url);
      assert.ok((await clientCredentialsGrant(found)).access_token);
    }
    for (const host of ["127.0.0.1", "[::1]"]) {
      const answer = await fetch(`http://${host}:${port}/.well-known/oauth-authorization-server`);
      assert.equal((await answer.json()).issuer, url, host);
    }
    const admin = JSON.parse(await readFile(folder.file(".carnet/admin.json"), "utf8"));
    assert.equal(admin.server_url, url);
    assert.doesNotMatch(carnet.stdout, /Issuer/);
  });

  test("fits into 80 columns, apart from the commands", async () => {
    const lines = carnet.stdout.split("\n").filter((line) => !/^ {2}(curl|npx) /.test(line));
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });

  test("makes its store and keys readable only by their owner", async () => {
    const made = folder.file(".carnet");
    assert.equal(await modeOf(made), 0o700);
    const files = await readdir(made);
    for (const name of ["carnet.db", "master.key", "admin.json"]) assert.ok(files.includes(name), files.join(" "));
    for (const file of files) assert.equal(await modeOf(join(made, file)), file === "journal" ? 0o700 : 0o600, file);
    for (const file of await readdir(join(made, "journal")))
      assert.equal(await modeOf(join(made, "journal", file)), 0o600, file);
  });

  test("a newly registered client gets a token at once, and a lost demo secret can be replaced", async () => {
    const run = async (...args: string[]) =>
      JSON.parse((await runCarnet([...args, "--json"], { cwd: folder.path })).stdout);
    const { client_id, client_secret } = await run("client", "create", "--scope", "file:read");
    assert.equal((await requestToken(urlIn(carnet), client_id, client_secret)).status, 200);
    const another = await run("secret", "add", "demo");
    assert.equal((await requestToken(urlIn(carnet), "demo", another.client_secret)).status, 200);
  });
});

suite("carnet dev", () => {
  test("prints the issuer too when it is not the printed address, and an address to call for a wildcard", async () => {
    await using folder = await temporaryFolder();
    await using other = await startDev({ cwd: folder.path, args: ["--issuer", "https://iam.example.com"] });
    assert.match(other.stdout, /running at http:\/\/localhost:\d+\n.*\nIssuer: {2}https:\/\/iam\.example\.com\n/);
    await using wildcard = await startDev({ cwd: folder.path, args: ["--host", "0.0.0.0"] });
    assert.match(wildcard.stdout, /running at http:\/\/localhost:\d+\n/);
    assert.doesNotMatch(wildcard.stdout, /Issuer/);
  });

  test("tells git to ignore a data folder that it makes, and leaves one that was there alone", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file("own"), { mode: 0o700 });
    for (const [args, file, ignored] of [
      [[], ".carnet/.gitignore", "*\n"],
      [["--data-dir", "own"], "own/.gitignore", undefined],
    ] as const) {
      await using carnet = await startDev({ cwd: folder.path, args });
      assert.equal(await readFile(folder.file(file), "utf8").catch(() => undefined), ignored);
      carnet.kill("SIGTERM");
      await carnet.finished();
    }
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
    assert.match(second.stdout, /demo \(its secret was shown when \.carnet\/carnet\.db was created\)/);
    const { stdout } = await promisify(execFile)("sh", ["-c", curlLine(second)], {
      env: { ...process.env, CARNET_CLIENT_SECRET: secret },
    });
    assert.equal(JSON.parse(stdout).token_type, "Bearer");
    const issuer = `http://localhost:${port}`;
    const keys = createRemoteJWKSet(new URL(`${urlIn(second)}/oauth2/jwks`));
    const verified = await jwtVerify(token, keys, { issuer, audience: issuer, typ: "at+jwt" });
    assert.equal(verified.payload["client_id"], "demo");
  });

  test("shows the admin client's secret only on the first start, and never in the log", async () => {
    await using folder = await temporaryFolder();
    let secret: string;
    {
      await using first = await startDev({ cwd: folder.path });
      const { client_secret } = JSON.parse(await readFile(folder.file(".carnet/admin.json"), "utf8"));
      secret = client_secret;
      assert.match(
        first.stdout,
        /\nAdmin: {3}carnet-admin\nSecret, shown only once:\n {2}\S+\n\nOn this machine, commands use the admin credentials in \.carnet/,
      );
      assert.equal(first.stdout.split(secret).length, 2);
      assert.match(first.stderr, /"event":"admin_client_made"/);
      first.kill("SIGINT");
      assert.ok(!(await first.finished()).stderr.includes(secret));
    }
    {
      await using second = await startDev({ cwd: folder.path });
      assert.ok(!(second.stdout + second.stderr).includes(secret));
      assert.match(second.stdout, /\nOn this machine, commands use the admin credentials in \.carnet\/admin\.json/);
      assert.doesNotMatch(second.stdout, /Admin:/);
      second.kill("SIGINT");
      await second.finished();
    }
    await rm(folder.file(".carnet/admin.json"));
    await using third = await startDev({ cwd: folder.path });
    assert.doesNotMatch(third.stdout, /admin/i);
  });

  test("the commands that it prints work when pasted, even with another store path", async () => {
    await using folder = await temporaryFolder();
    for (const args of [[], ["--store", "sqlite:it's elsewhere/c.db"]]) {
      await using carnet = await startDev({ cwd: folder.path, args });
      const command = found(carnet, /^ +npx carnet (client list.*)$/m);
      const { stdout } = await promisify(execFile)("sh", ["-c", `"$0" "$1" ${command}`, process.execPath, carnetBin], {
        cwd: folder.path,
      });
      assert.match(stdout, /^demo +Demo client +default +active/m);
    }
  });
});

/** Starts it on a free port, or another if that was taken meanwhile, and waits for the end of its greeting. */
async function startDev({
  cwd,
  env = {},
  args = [],
}: Pick<ProcessOptions, "env"> & { cwd: string; args?: readonly string[] }): Promise<CarnetProcess> {
  for (let tries = 1; ; tries++) {
    const port = env["CARNET_PORT"] ?? String(await freePort());
    const carnet = new CarnetProcess(["dev", ...args], { cwd, env: { ...env, CARNET_PORT: port } });
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
const secretIn = (carnet: CarnetProcess) => found(carnet, /^Secret, shown only once:\n {2}(\S+)$/m);
const urlIn = (carnet: CarnetProcess) => found(carnet, /running at (\S+)/);
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
