import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { signingAlgorithmNames } from "@carnet/protocol/signing-algorithms";
import { createMasterKey } from "@carnet/server/crypto/sealer";
import { DataKeys } from "@carnet/server/store/sql/data-keys";
import { openSqlite } from "@carnet/server/store/sqlite/open-sqlite";
import { askInCrowd } from "@carnet/testkit/crowd";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { freePort } from "@carnet/testkit/free-port";
import { storedSigningKeys } from "@carnet/testkit/test-key-ring";
import { sqlitePorts } from "@carnet/testkit/test-sqlite";
import { audienceAlgorithms } from "../support/signing-algorithms.ts";
import { type CarnetChild, startCarnet } from "./carnet-child.ts";
import { PlantedSecrets } from "./planted.ts";
import { exchange } from "./raw-request.ts";
import { places } from "./requests-with-secrets.ts";

const clock = new FixedClock("2026-11-21T12:00:00Z"); // opening keys does not depend on the time

const newSecret = () => randomBytes(24).toString("base64url");

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "carnet-leaks-"));
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function assertSilent(planted: PlantedSecrets, child: CarnetChild): void {
  const { stdout, stderr } = child.output();
  planted.assertAbsent(stdout, "Standard output");
  planted.assertAbsent(stderr, "Standard error");
}

async function sendMisplacedSecrets(url: string, planted: PlantedSecrets): Promise<void> {
  for (const [place, request] of Object.entries(places)) {
    planted.assertAbsent(await exchange(url, request(planted.text(place, newSecret()))), `A response (${place})`);
  }
}

test("carnet dev shows the demo secret once, on standard output when it creates it", () =>
  inFolder(async (folder) => {
    const port = String(await freePort());
    const planted = new PlantedSecrets();
    for (const start of ["first", "second"]) {
      await using dev = startCarnet(["dev", "--port", port, "--log-level", "trace"], { folder });
      const [, url = ""] = await dev.until("stdout", /running at (http:\S+).*Stop it/s);
      if (start === "first") {
        const [secret] = await dev.until("stdout", /carnet_[a-z0-9]{16}_\w{50}/);
        planted.text("the demo secret", secret.slice(24));
        const body = `grant_type=client_credentials&client_id=demo&client_secret=${secret}`;
        const answer = await fetch(`${url}/oauth2/token`, { method: "POST", body: new URLSearchParams(body) });
        planted.text("the token", JSON.parse(await answer.text()).access_token.slice(-86));
      }
      await sendMisplacedSecrets(url, planted);
      dev.process.kill("SIGTERM");
      assert.equal(await dev.ended(), 0);
      if (start === "second") assertSilent(planted, dev);
      planted.assertAbsent(dev.output().stderr, "Standard error");
    }
  }));

const reports = [
  "--report-uncaught-exception",
  "--report-on-fatalerror",
  "--report-on-signal",
  "--report-signal=SIGUSR2",
  "--report-directory=reports",
].join(" ");
const failing = JSON.stringify(new URL("./fail-on-signal.ts", import.meta.url).href);

interface Served {
  readonly serve: CarnetChild;
  readonly planted: PlantedSecrets;
  readonly folder: string;
}

/** Runs `carnet serve` with diagnostic reports enabled, after requests with secrets in every place. */
async function serving(failBy: string, act: (served: Served) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await mkdir(join(folder, "reports"));
    const planted = new PlantedSecrets();
    const masterKey = randomBytes(32);
    planted.bytes("the master key", masterKey);
    const port = await freePort();
    const environment = {
      CARNET_ISSUER: `http://127.0.0.1:${port}`,
      CARNET_HOST: "127.0.0.1",
      CARNET_PORT: String(port),
      CARNET_LOG_LEVEL: "trace",
      CARNET_MASTER_KEY: masterKey.toString("base64"),
      CARNET_AUDIENCE_ALGORITHMS: audienceAlgorithms,
      CARNET_CLIENT_SECRET: planted.text("a secret in the environment", newSecret()),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/no-collector`,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${planted.text("the key of the collector", newSecret())}`,
      // When memory runs out, Node may report the environment despite its settings. Carnet removes only its own variables
      // from the environment, so this case plants no other
      ...(failBy === "memory" ? {} : { OTHER_PASSWORD: planted.text("the password of another program", newSecret()) }),
      QUOTED: planted.text("the quoted secret", newSecret()),
      FAIL_BY: failBy,
      NODE_OPTIONS: `${reports} --max-old-space-size=96 --import ${failing}`,
    };
    await using serve = startCarnet(["serve"], { folder, environment });
    await serve.until("stdout", /"listening"/);
    await publishesKeys(environment.CARNET_ISSUER);
    await sendMisplacedSecrets(environment.CARNET_ISSUER, planted);
    await act({ serve, planted, folder });
    await plantSigningKeys(join(folder, ".carnet/carnet.db"), { masterKey, planted });
    assertSilent(planted, serve);
    for (const file of await readdir(join(folder, "reports"))) {
      planted.assertAbsent(await readFile(join(folder, "reports", file)), `The report ${file}`);
    }
  });
}

/** Waits until the service has made a key of each algorithm. */
async function publishesKeys(url: string): Promise<void> {
  for (let count = 0; count < signingAlgorithmNames.length; )
    count = Object(await (await fetch(`${url}/oauth2/jwks`)).json()).keys.length;
}

/** Plants the keys that the service made. They must be absent from what it wrote before. */
async function plantSigningKeys(
  file: string,
  { masterKey, planted }: { readonly masterKey: Uint8Array; readonly planted: PlantedSecrets },
): Promise<void> {
  const db = await openSqlite(file);
  const keys = await storedSigningKeys(
    db,
    new DataKeys(db, createMasterKey(createSecretKey(masterKey))),
    sqlitePorts(clock),
  );
  assert.equal(keys.length, signingAlgorithmNames.length);
  for (const key of keys) planted.key(key);
  await db.destroy();
}

test("carnet serve shows no secret in a diagnostic report requested by a signal", () =>
  serving("", async ({ serve, planted, folder }) => {
    const [, file = ""] = await serve.until("stdout", /"file":"([^"]+)"/);
    const [, url = ""] = await serve.until("stdout", /"url":"([^"]+)"/);
    await requestManyTokens(url, resolve(folder, file), planted);
    const watcher = watch(join(folder, "reports"));
    const written = once(watcher, "change");
    serve.process.kill("SIGUSR2");
    await written;
    watcher.close();
    serve.process.kill("SIGTERM");
    assert.equal(await serve.ended(), 0);
    assert.equal((await readdir(join(folder, "reports"))).length, 1);
  }));

/** Requests many tokens at once, so that the report is of a service that has handled secrets. */
async function requestManyTokens(url: string, file: string, planted: PlantedSecrets): Promise<void> {
  const { client_id: clientId, client_secret: clientSecret } = JSON.parse(await readFile(file, "utf8"));
  planted.text("the admin client's secret", clientSecret.slice(24)); // the characters before are its id
  for (let round = 0; round < 6; round++) {
    const callers = Array.from({ length: 200 }, () => ({ clientId, clientSecret }));
    const [answer = ""] = await askInCrowd(url, callers);
    planted.text("a token", /"access_token":"([^"]+)"/.exec(answer)?.[1]?.slice(-86) ?? "");
  }
}

for (const failBy of ["exception", "rejection", "rejection with a string"]) {
  test(`carnet serve shows no secret when it ends with an uncaught ${failBy} that quotes one`, () =>
    serving(failBy, async ({ serve }) => {
      serve.process.kill("SIGWINCH");
      assert.equal(await serve.ended(), 1);
      assert.match(serve.output().stderr, /^carnet: This is a bug in carnet: /);
    }));
}

test("carnet serve shows no secret in the report when it runs out of memory", () =>
  serving("memory", async ({ serve, folder }) => {
    serve.process.kill("SIGWINCH");
    assert.notEqual(await serve.ended(), 0);
    assert.equal((await readdir(join(folder, "reports"))).length, 1);
  }));
