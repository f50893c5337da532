// Compiles every example of the SDK and the guard in files, guides and doc comments, and runs it against the real service.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { type ForwardProxy, startForwardProxy } from "./support/forward-proxy.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test/dist/examples");

interface Example {
  readonly name: string;
  readonly code: string;
}

/** The TypeScript blocks of a file. Removes the stars of doc comments. */
function blocksOf(path: string): Example[] {
  const text = readFileSync(join(root, path), "utf8").replaceAll(/^ *\* ?/gm, path.endsWith(".ts") ? "" : "$&");
  return [...text.matchAll(/^```ts\n(?<code>.*?)^```/gms)].map(({ groups }, n) => ({
    name: `${path} ${n + 1}`,
    code: groups?.["code"] ?? "",
  }));
}

const written = [
  ...globSync("packages/sdk/src/**/*.ts", { cwd: root }),
  "packages/sdk/README.md",
  "packages/guard/README.md",
  "docs/guide/sdk.md",
  "docs/guide/admin-api.md",
  ...globSync("docs/guide/sdk/*.md", { cwd: root }),
].flatMap(blocksOf);
const files = globSync("examples/*.ts", { cwd: root }).map((path) => ({
  name: path,
  code: readFileSync(join(root, path), "utf8"),
}));
const examples = [...files, ...written].sort((a, b) => (a.name < b.name ? -1 : 1));

suite("the SDK's examples", () => {
  let service: TestService;
  let proxy: ForwardProxy;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [n, { code }] of examples.entries()) writeFileSync(join(folder, `example-${n}.ts`), code);
    const extended = { extends: "../../../tsconfig.test.json", include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(extended));
    service = await startTestService();
    mkdirSync(join(service.folder, ".carnet"));
    cpSync(join(service.folder, "admin.json"), join(service.folder, ".carnet/admin.json"));
    proxy = await startForwardProxy();
    const client = await service.register({ scope: "file:read file:write" });
    environment = {
      ...process.env,
      CARNET_SERVER_URL: service.url,
      HTTPS_PROXY: proxy.url,
      CARNET_CLIENT_ID: client.clientId,
      CARNET_CLIENT_SECRET: client.clientSecret,
    };
  });

  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("there are examples in files, in the README, in the guide and in doc comments", () => {
    for (const part of ["examples/", "README.md", "docs/guide/sdk.md", "docs/guide/sdk/", "packages/sdk/src/"]) {
      assert.ok(examples.filter(({ name }) => name.includes(part)).length >= 3, part);
    }
  });

  test("they compile", async () => {
    await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder]);
  });

  for (const [n, { name, code }] of examples.entries()) {
    test(`${name} runs against the service`, async () => {
      const options = { env: environment, cwd: service.folder };
      const run = promisify(execFile)(process.execPath, [join(folder, `example-${n}.ts`)], options);
      const { stdout, stderr } = await run;
      assert.doesNotMatch(stdout + stderr, new RegExp(environment["CARNET_CLIENT_SECRET"] ?? "-"));
      if (code.includes("console.log")) assert.notEqual(stdout, "");
    });
  }
});
