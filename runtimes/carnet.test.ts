// Installs the packed `carnet` into empty folders, offline, and uses it as its README says, on each supported Node. Then
// the same for the single executable, without Node. Part of `npm run runtimes`, which makes what is tested here.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { CarnetProcess, carnetBin, type Finished, runCarnet } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { foundTools } from "../test/support/command-line-tools.ts";
import { blocksOf, callApi, runBlock, saveFiles } from "../test/support/reader.ts";

const dist = join(import.meta.dirname, "../dist");
const tarballs = globSync(["carnet-[0-9]*.tgz", "carnet-sdk-*.tgz"], { cwd: dist }).map((file) => join(dist, file));
const root = join(import.meta.dirname, "..");
const readme = join(dist, "carnet/README.md");
const nodeOf = (major: number): string => join(import.meta.dirname, `node_modules/node-${major}/bin`);

/** A way to run `carnet`. */
interface Installed {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** Installs `carnet` and the SDK into an empty folder. Commands there run on a version of Node. */
function install(folder: Folder, major: number): Installed {
  const env = { PATH: [nodeOf(major), process.env["PATH"]].join(delimiter), HOME: folder.path };
  const args = ["install", "--offline", "--no-audit", "--no-fund", ...tarballs];
  execFileSync("npm", args, { cwd: folder.path, env, stdio: "pipe" });
  return { command: [folder.file("node_modules/.bin/carnet")], cwd: folder.path, env };
}

/** Starts `carnet dev` and returns it with the variables that the README sets. */
async function startDev({ command, cwd, env }: Installed) {
  const port = String(await freePort());
  const carnet = new CarnetProcess(["dev"], { command, cwd, env: { ...env, CARNET_PORT: port } });
  await carnet.prints("stdout", /Stop it with Ctrl\+C\.\n/);
  const CARNET_CLIENT_SECRET = /^Secret, shown only once:\n {2}(\S+)$/m.exec(carnet.stdout)?.[1] ?? "";
  const CARNET_SERVER_URL = /running at (\S+)/.exec(carnet.stdout)?.[1] ?? "";
  return { carnet, variables: { CARNET_SERVER_URL, CARNET_CLIENT_ID: "demo", CARNET_CLIENT_SECRET } };
}

type Variables = Awaited<ReturnType<typeof startDev>>["variables"];

async function requestToken({ CARNET_SERVER_URL, CARNET_CLIENT_SECRET }: Variables): Promise<number> {
  const body = { grant_type: "client_credentials", client_id: "demo", client_secret: CARNET_CLIENT_SECRET };
  const url = `${CARNET_SERVER_URL}/oauth2/token`;
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(body) });
  await answer.text();
  return answer.status;
}

/** The milliseconds from the start of a process with a new store to its first token. */
async function timeToToken(installed: Installed): Promise<number> {
  await using folder = await temporaryFolder();
  const start = performance.now();
  const { carnet, variables } = await startDev({ ...installed, cwd: folder.path });
  await using _ = carnet;
  assert.equal(await requestToken(variables), 200);
  return performance.now() - start;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The tests of every way to run `carnet`. */
function behaves(installed: () => Installed): void {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> => {
    const { command, cwd, env: own } = installed();
    return runCarnet(args, { command, cwd, env: { ...own, ...env } });
  };

  let dev: Awaited<ReturnType<typeof startDev>>;
  before(async () => {
    dev = await startDev(installed());
  });
  after(() => dev.carnet[Symbol.asyncDispose]());

  test("carnet --version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(dist, "carnet/package.json"), "utf8"));
    assert.equal((await run(["--version"])).stdout, `${version}\n`);
  });

  test("carnet token gets a token, and carnet client list finds the admin file", async () => {
    assert.match((await run(["token"], dev.variables)).stdout, /^eyJ/);
    assert.match((await run(["client", "list"])).stdout, /^demo +Demo client/m);
  });

  test("a configuration file is read", async () => {
    writeFileSync(join(installed().cwd, "bad.yaml"), "issuer: 1\nnoSuchSetting: 2\n", { mode: 0o600 });
    const { code, stderr } = await run(["dev", "--config", "bad.yaml"]);
    assert.equal(code, 1);
    assert.match(stderr, /noSuchSetting/);
  });

  test("the API page loads its script and the description from the service", async () => {
    const url = dev.variables.CARNET_SERVER_URL;
    assert.match(await (await fetch(`${url}/docs`)).text(), /<script src="\/docs\/reader\.js">/);
    assert.ok((await (await fetch(`${url}/docs/reader.js`)).text()).length > 3_000_000);
    assert.equal(Object((await (await fetch(`${url}/openapi.json`)).json()).info).title, "Carnet");
  });

  test("a crowd gets its tokens", async () => {
    const statuses = await Promise.all(Array.from({ length: 400 }, () => requestToken(dev.variables)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.doesNotMatch(dev.carnet.stdout, /"level":"(?:warn|error)"/);
  });

  test("Ctrl+C stops it", async () => {
    dev.carnet.kill("SIGINT");
    assert.equal((await dev.carnet.finished()).code, 0);
  });
}

for (const major of [24, 26]) {
  suite(`the packed carnet on Node ${major}`, () => {
    let folder: Folder;
    let installed: Installed;
    before(async () => {
      folder = await temporaryFolder();
      installed = install(folder, major);
    });
    after(() => folder[Symbol.asyncDispose]());

    test("has no dependencies and takes less than 20 MB", () => {
      const { packages } = JSON.parse(readFileSync(folder.file("package-lock.json"), "utf8"));
      assert.deepEqual(Object.keys(packages), ["", "node_modules/@carnet/sdk", "node_modules/carnet"]);
      const files = globSync("node_modules/carnet/**/*", { cwd: folder.path }).map((file) =>
        statSync(folder.file(file)),
      );
      assert.ok(files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0) < 20_000_000);
    });

    test("runs every command and program of its README", async () => {
      await using own = await temporaryFolder();
      const fresh = install(own, major);
      const { carnet, variables } = await startDev(fresh);
      await using _ = carnet;
      const env = { ...fresh.env, ...variables };
      const commands = blocksOf(readme).flatMap((block) => block.trim().split("\n"));
      const run = commands.filter((line) => !/^(?:export |npm install |npx carnet dev)/.test(line));
      assert.ok(run.length >= 4, run.join("\n"));
      const options = { cwd: own.path, env, encoding: "utf8" } as const;
      for (const line of run) assert.notEqual(execFileSync("bash", ["-e", "-c", line], options), "", line);
      const [program = "", ...others] = saveFiles(readme, own.path);
      assert.deepEqual(others, []);
      const expected = /^A Bearer token for file:read file:write, valid for 600 seconds\.\n$/;
      assert.match(execFileSync("node", [program], options), expected);
      if (foundTools.requests === undefined) return; // tools.test.ts reports whether this machine has it.
      assert.match(execFileSync("python3", ["-c", blocksOf(readme, "python").join("")], options), expected);
    });

    test("runs the commands of the guides that need a file", async () => {
      await using own = await temporaryFolder();
      const fresh = install(own, major);
      const { carnet, variables } = await startDev(fresh);
      await using _ = carnet;
      const env = { ...fresh.env, ...variables };
      const asCode = own.file("node_modules/carnet/docs/guide/configuration-as-code.md");
      assert.deepEqual(saveFiles(asCode, own.path), ["clients.yaml"]);
      const [apply = ""] = blocksOf(asCode);
      assert.match(await runBlock(apply, own.path, env), /\n0 to do, 2 unchanged\.\n$/);
      const example = readFileSync(own.file("node_modules/carnet/examples/clients.yaml"), "utf8");
      assert.equal(readFileSync(own.file("clients.yaml"), "utf8"), example);

      // The guide installs them, for which this test must not need a registry
      mkdirSync(own.file("node_modules/@carnet"), { recursive: true });
      symlinkSync(join(root, "dist/guard"), own.file("node_modules/@carnet/guard"));
      symlinkSync(join(root, "node_modules/express"), own.file("node_modules/express"));
      const guide = own.file("node_modules/carnet/docs/guide/protect-an-api.md");
      await callApi(guide, own.path, { ...env, ISSUER: variables.CARNET_SERVER_URL });
    });

    test("issues its first token no later than a clone does", async () => {
      const clone = { ...installed, command: [join(nodeOf(major), "node"), carnetBin] } as const;
      const times = { packed: [] as number[], clone: [] as number[] };
      for (let round = 0; round < 5; round++) {
        times.packed.push(await timeToToken(installed));
        times.clone.push(await timeToToken(clone));
      }
      assert.ok(median(times.packed) < median(times.clone), JSON.stringify(times));
    });

    behaves(() => installed);
  });
}

suite("the single executable, without Node on the path", () => {
  let folder: Folder;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder[Symbol.asyncDispose]());
  const executable = join(dist, `carnet-${process.platform}-${process.arch}`);
  behaves(() => ({ command: [executable], cwd: folder.path, env: { PATH: "", HOME: folder.path } }));

  test("its greeting names the executable, because npx would run another package", async () => {
    await using own = await temporaryFolder();
    const { carnet } = await startDev({ command: [executable], cwd: own.path, env: { PATH: "", HOME: own.path } });
    await using _ = carnet;
    assert.ok(carnet.stdout.includes(`\n  ${executable} client list\n`), carnet.stdout);
    assert.doesNotMatch(carnet.stdout, /npx/);
  });
});

test("an old Node gets a clear message", () => {
  const { status, stderr } = spawnSync(join(nodeOf(20), "node"), [join(dist, "carnet/bin/carnet.js"), "dev"], {
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.match(stderr, /^carnet: Node 20\.\S+ is too old\. Use Node 24 or newer\.\n$/);
});
