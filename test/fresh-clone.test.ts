// In a fresh clone, npm ci, npm start and every command of the README work.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { freePort } from "@carnet/testkit/free-port";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { writeCurlStandIn } from "./support/curl-stand-in.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```(?<language>\w+)\n(?<text>.*?)```/gs)].map(({ groups }) => ({
  language: groups?.["language"],
  text: groups?.["text"] ?? "",
}));
const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => text.trim().split("\n"));

/** The environment of a shell that npm did not start, with the machine's own Node. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|CARNET_|NODE_)/i.test(name));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

suite("a fresh clone", () => {
  const clone = mkdtempSync(join(tmpdir(), "carnet-clone-"));
  // The compile cache has entries by path, so in the home folder it would grow with each run
  const environment: NodeJS.ProcessEnv = {
    ...plainEnvironment(),
    NODE_COMPILE_CACHE: join(clone, "node_modules/.cache/carnet"),
  };
  let started: ChildProcess | undefined;
  let port: number;

  before(async () => {
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
    for (const file of files.split("\0").filter((name) => name !== "")) {
      if (statSync(join(root, file), { throwIfNoEntry: false })?.isFile())
        cpSync(join(root, file), join(clone, file), { recursive: true });
    }
    port = await freePort();
    if (spawnSync("curl", ["--version"], { env: environment }).status === 0) return;
    const tools = mkdtempSync(join(tmpdir(), "carnet-tools-"));
    writeCurlStandIn(tools);
    environment["PATH"] = `${tools}${delimiter}${environment["PATH"]}`;
  });

  after(async () => {
    await stop();
    rmSync(clone, { recursive: true, force: true });
  });

  /** Runs `npm start` until it has printed everything, and returns the output. */
  async function start(): Promise<string> {
    started = spawn("npm", ["start"], {
      cwd: clone,
      env: { ...environment, CARNET_PORT: String(port) },
      detached: true, // in its own process group, so that it can be stopped like by Ctrl+C
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    for await (const chunk of started.stdout ?? []) {
      said += String(chunk);
      if (said.includes("Ctrl+C")) return said;
    }
    throw new Error(`npm start ended: ${said}`);
  }

  async function stop(): Promise<void> {
    if (started?.pid === undefined || started.exitCode !== null) return;
    const ended = once(started, "exit");
    process.kill(-started.pid, "SIGINT");
    await ended;
  }

  const shell = (command: string, more: NodeJS.ProcessEnv = {}): string =>
    execFileSync("bash", ["-euo", "pipefail", "-c", command], {
      cwd: clone,
      env: { ...environment, ...more },
      encoding: "utf8",
    });

  test("npm ci is quiet, runs no install script and takes under a minute", () => {
    // Measures CPU time, because other tests may run at the same time
    const output = shell("TIMEFORMAT='cpu %U %S'; { time npm ci 2>&1; } 2>&1");
    const [, user = "", system = ""] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(output) ?? [];
    const seconds = Number(user) + Number(system);
    const warnings = output
      .split("\n")
      .filter((line) => /warn|error|deprecat/i.test(line) && !line.includes("Unknown user config"));
    // npm compares with the Node that runs it. Some dependencies do not list older or newer ones, and the project brings its own
    const isEngine = (line: string): boolean => line.includes("EBADENGINE");
    assert.deepEqual(
      warnings.filter((line) => !isEngine(line)),
      [],
    );
    const { packages } = JSON.parse(readFileSync(join(clone, "package-lock.json"), "utf8"));
    const withScript = Object.keys(packages).filter((path) => packages[path].hasInstallScript);
    const { allowScripts } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
    const denied = Object.keys(allowScripts).filter((name) => allowScripts[name] === false);
    assert.deepEqual(
      withScript.filter((path) => !denied.some((name) => path === `node_modules/${name}`)),
      [],
    );
    assert.ok(seconds > 0 && seconds < 60, `npm ci took ${seconds} s`);
  });

  test("npm start prints a curl line that returns a token, and the README's commands work with it, even after a restart", async () => {
    const first = await start();
    const curlLine = /^ *(curl .+)$/m.exec(first)?.[1] ?? "";
    const { access_token: token } = JSON.parse(shell(curlLine));
    assert.equal(typeof token, "string");
    const secret = /^Secret, shown only once:\n {2}(\S+)$/m.exec(first)?.[1] ?? "";

    await stop();
    const second = await start();
    assert.ok(!second.includes(secret), "the secret is shown only once");
    const url = `http://localhost:${port}`;
    const issuer = url;
    await jwtVerify(token, createRemoteJWKSet(new URL(`${url}/oauth2/jwks`)), {
      issuer,
      audience: issuer,
      typ: "at+jwt",
    });

    const credentials = { CARNET_SERVER_URL: url, CARNET_CLIENT_ID: "demo", CARNET_CLIENT_SECRET: secret };
    const others = {
      EXISTING_ID: "8f14e45f-ceea-467f-a8d3-3d9d1c1a6b11",
      EXISTING_SECRET: "an existing secret with words",
    };
    const run = commands.filter((command) => !command.startsWith("export ") && !command.startsWith("npm ci"));
    assert.ok(run.length >= 6, run.join("\n"));
    for (const command of run) assert.notEqual(shell(command, { ...credentials, ...others }), "", command);

    const imported = {
      CARNET_SERVER_URL: url,
      CARNET_CLIENT_ID: others.EXISTING_ID,
      CARNET_CLIENT_SECRET: others.EXISTING_SECRET,
    };
    assert.match(shell("npx carnet token", imported), /^eyJ/, "the imported client gets a token");
    // protect-guide-pages.test.ts runs the API
    const callers = blocks.filter(({ language, text }) => language === "ts" && text.includes("@carnet/sdk"));
    for (const [number, { text }] of callers.entries()) {
      writeFileSync(join(clone, `examples/readme-${number}.ts`), text);
      assert.match(shell(`npx node examples/readme-${number}.ts`, credentials), /600/);
    }
  });

  test("the README exports exactly the variables that npm start prints", () => {
    const exported = commands
      .filter((command) => command.startsWith("export "))
      .map((line) => line.slice(7, line.indexOf("=")));
    assert.deepEqual(exported, ["CARNET_SERVER_URL", "CARNET_CLIENT_ID", "CARNET_CLIENT_SECRET"]);
  });

  test(".ci/run starts with the test command of CONTRIBUTING.md, then runs the slow tests, the check, the runtimes and the benchmark's own test", () => {
    const ci = readFileSync(join(root, ".ci/run"), "utf8");
    assert.match(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"), /^npm ci && npm test$/m);
    const others =
      /^npm run test:slow$\n^npm run check$\n^npm run runtimes$\n^npm ci --prefix bench && npm test --prefix bench$/m;
    assert.match(ci, new RegExp(`^npm ci && npm test$\n${others.source}`, "m"));
  });

  for (const page of ["README.md", "CONTRIBUTING.md", "SECURITY.md"]) {
    test(`${page} has no broken link`, () => {
      for (const [, target = ""] of readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:)([^)#]+)/g))
        assert.ok(statSync(join(root, target), { throwIfNoEntry: false }), `${target} is missing`);
    });
  }
});
