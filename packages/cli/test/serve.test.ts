import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { hashOf } from "@carnet/server/journal/chain";
import { anchorsIn } from "@carnet/testkit/anchors-in";
import { CarnetProcess, carnetBin, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { assertAnchored, readChains } from "@carnet/testkit/journal-chains";
import { requestToken, serveCarnet } from "@carnet/testkit/serve-carnet";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";
import { decodeJwt } from "jose";

suite("carnet serve", () => {
  let known: KnownClient;
  let made: TemporaryFolder;
  before(async () => {
    made = await temporaryFolder();
    known = await createClient(made.path);
  });
  after(() => made[Symbol.asyncDispose]());

  /** A copy of the store of the known client. */
  const copied = async (): Promise<TemporaryFolder> => {
    const folder = await temporaryFolder();
    await cp(made.path, folder.path, { recursive: true });
    return folder;
  };

  test("creates the admin client on the first start and logs its file, never its secret", async () => {
    await using folder = await temporaryFolder();
    for (const first of [true, false]) {
      await using carnet = await serveCarnet({ folder: folder.path });
      const { server_url, client_id, client_secret } = JSON.parse(await readFile(folder.file("admin.json"), "utf8"));
      assert.deepEqual({ server_url, client_id }, { server_url: carnet.url, client_id: "carnet-admin" });
      carnet.process.kill("SIGTERM");
      const { stdout, stderr } = await carnet.process.finished();
      const lines = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      const said = lines.filter(({ event }) => event === "admin_client_made");
      assert.deepEqual(
        said.map(({ clientId, file }) => ({ clientId, file })),
        first ? [{ clientId: "carnet-admin", file: folder.file("admin.json") }] : [],
      );
      assert.ok(!(stdout + stderr).includes(client_secret));
    }
  });

  test("starts even if the environment has admin credentials for the command line", async () => {
    await using folder = await temporaryFolder();
    const env = { CARNET_ADMIN_CLIENT_ID: "x", CARNET_ADMIN_CLIENT_SECRET: "planted" };
    await using carnet = await serveCarnet({ folder: folder.path, env });
    assert.doesNotMatch(carnet.process.stdout, /planted/);
  });

  test("does not start without an issuer, and says how to set one", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runCarnet(["serve"], { cwd: folder.path });
    assert.match(stderr, /^carnet: CARNET_ISSUER is not set: set it, or --issuer, to the address at which callers/);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  });

  test("logs one JSON object per line on standard output, and nothing on standard error", async () => {
    await using folder = await copied();
    const { client_id, client_secret } = known;
    await using carnet = await serveCarnet({ folder: folder.path });
    await requestToken(carnet.url, client_id, client_secret);
    await requestToken(carnet.url, client_id, `${client_secret}x`);
    carnet.process.kill("SIGTERM");
    const { code, stdout, stderr } = await carnet.process.finished();
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    assert.deepEqual(events, ["listening", "stopping", "stopped"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.ok(!stdout.includes(client_secret));
  });

  test("records tokens, refusals, its start and its stop in files beside the store, whose last anchor is closed", async () => {
    await using folder = await copied();
    const { client_id, client_secret } = known;
    const before = readChains(folder.file("journal")).map(({ file }) => file);
    await using carnet = await serveCarnet({ folder: folder.path });
    await requestToken(carnet.url, client_id, client_secret);
    await requestToken(carnet.url, client_id, `${client_secret}x`);
    carnet.process.kill("SIGTERM");
    await carnet.process.finished();
    const [chain, ...others] = readChains(folder.file("journal")).filter(({ file }) => !before.includes(file));
    assert.deepEqual(
      [chain?.records.map(({ event }) => event), others],
      [["credentials_file_written", "service_started", "token_issued", "token_refused", "service_stopped"], []],
    );
    const anchors = anchorsIn(folder.file("carnet.db"));
    assertAnchored(folder.file("journal"), anchors);
    assert.ok(anchors.every(({ state }) => state === "closed"));
  });

  test("writes the journal among its log lines with CARNET_JOURNAL=stdout, as one chain, and makes no folder", async () => {
    await using folder = await copied();
    const { client_id, client_secret } = known;
    await rm(folder.file("journal"), { recursive: true });
    await using carnet = await serveCarnet({ folder: folder.path, env: { CARNET_JOURNAL: "stdout" } });
    await requestToken(carnet.url, client_id, client_secret);
    await requestToken(carnet.url, client_id, `${client_secret}x`);
    carnet.process.kill("SIGTERM");
    const { stdout } = await carnet.process.finished();
    const records = stdout.split("\n").filter((line) => line.includes('"prev":'));
    assert.deepEqual(
      records.map((line) => JSON.parse(line).event),
      ["credentials_file_written", "service_started", "token_issued", "token_refused", "service_stopped"],
    );
    const [anchor] = anchorsIn(folder.file("carnet.db")).filter(({ file }) => file.startsWith("stdout-"));
    let prev = hashOf(anchor?.file ?? "");
    for (const line of records) {
      assert.equal(JSON.parse(line).prev, prev);
      prev = hashOf(line);
    }
    assert.deepEqual([anchor?.records, anchor?.hash, anchor?.state], [5, prev, "closed"]);
    assert.ok(!existsSync(folder.file("journal")));
  });

  test("takes a setting from a flag, else the environment, else the file, else the default", async () => {
    await using folder = await copied();
    const { client_id, client_secret } = known;
    const config = folder.file("carnet.yaml");
    await writeFile(config, "accessTokenTtl: 111\naudience: from-the-file\nlogLevel: silent\n");
    const env = { CARNET_CONFIG: config, CARNET_AUDIENCE: "from-the-environment", CARNET_LOG_LEVEL: "warn" };
    await using carnet = await serveCarnet({ folder: folder.path, env, args: ["--log-level", "info"] });
    const answer = await (await requestToken(carnet.url, client_id, client_secret)).json();
    assert.equal(answer.expires_in, 111);
    const { aud, iss, sub } = decodeJwt(answer.access_token);
    assert.deepEqual({ aud, iss, sub }, { aud: "from-the-environment", iss: carnet.url, sub: client_id });
    await carnet.process.prints("stdout", /"level":"info".*"event":"listening"/); // so the flag's level counts
  });

  test("issues no token once the reader of its log is gone, and ends", async () => {
    await using folder = await copied();
    const { client_id, client_secret } = known;
    const port = await freePort();
    const serve = `"$0" "$1" serve --issuer http://127.0.0.1:${port} --host 127.0.0.1 --port ${port} --data-dir . --journal stdout`;
    // head goes away once it has read "listening", after two events
    await using shell = new CarnetProcess([process.execPath, carnetBin], {
      cwd: folder.path,
      command: ["sh", "-c", `(${serve}; echo "it ended with $?" >&2) | head -n 3`],
    });
    await shell.prints("stdout", /listening/);
    // The answer may come while head is still about to go; what was answered then stands in the pipe that head left
    const answers: (Response | Error)[] = [];
    while (answers.length < 1000 && !answers.some((answer) => answer instanceof Error)) {
      answers.push(
        await requestToken(`http://127.0.0.1:${port}`, client_id, client_secret).catch((error: Error) => error),
      );
    }
    assert.ok(answers.at(-1) instanceof Error, "it goes on issuing tokens");
    const { stderr } = await shell.finished();
    assert.match(
      stderr,
      /^carnet: The log cannot be written to standard output \(EPIPE\), and without a record no token/,
    );
    assert.match(stderr, /^it ended with 1$/m);
  });
});

interface KnownClient {
  readonly client_id: string;
  readonly client_secret: string;
}

/** A client of a store that is made for it, registered by the command line while a service runs, which then stops. */
async function createClient(folder: string): Promise<KnownClient> {
  await using carnet = await serveCarnet({ folder, env: { CARNET_SCOPE_CATALOGUE: "open" } });
  const env = { CARNET_ADMIN_FILE: `${folder}/admin.json` };
  const { stdout } = await runCarnet(["client", "create", "--json", "--scope", "x"], { env });
  carnet.process.kill("SIGTERM");
  assert.equal((await carnet.process.finished()).code, 0);
  return JSON.parse(stdout);
}
