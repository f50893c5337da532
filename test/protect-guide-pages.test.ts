// Compiles and runs the code of the guide's pages about protecting an API, against the real service.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { CarnetProcess } from "@carnet/testkit/carnet-process";
import { freePort } from "@carnet/testkit/free-port";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { fetchToken } from "./support/fetch-token.ts";
import { blocksOf } from "./support/reader.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test/dist/protect-pages");
const main = "docs/guide/protect-an-api.md";
const audience = "https://files.example";

type Call = (path: string, token?: string) => Promise<Response>;

const authorized = (token: string | undefined): RequestInit =>
  token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } };

suite("the guide's pages about protecting an API", () => {
  let service: TestService;
  const tokens = { reader: "", writer: "", clientId: "" };

  /** The nth TypeScript block of a page, for the service of this test. */
  const block = (page: string, n: number, port = 3000): string => {
    const code = blocksOf(page, "ts")[n] ?? assert.fail(`${page} has no block ${n}`);
    return code
      .replaceAll("https://tokens.example", service.url)
      .replace(
        'issuer: "http://localhost:8080", audience: "http://localhost:8080"',
        `issuer: "${service.url}", audience: "${audience}"`,
      )
      .replaceAll("3000", String(port));
  };
  const save = (name: string, code: string): string => {
    writeFileSync(join(folder, name), code);
    return join(folder, name);
  };

  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    service = await startTestService({ settings: { audience } });
    const { token, clientId } = await fetchToken(service, "file:read");
    Object.assign(tokens, { reader: token, clientId, writer: (await fetchToken(service, "file:write")).token });
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("their code compiles", async () => {
    const pages = ["README.md", main, ...globSync("docs/guide/protect-an-api/*.md", { cwd: root })];
    const blocks = pages.flatMap((page) => blocksOf(page, "ts"));
    assert.ok(blocks.length >= 9, String(blocks.length));
    for (const [n, code] of blocks.entries()) save(`compiled-${n}.ts`, code);
    const extended = { extends: "../../../tsconfig.test.json", include: ["compiled-*.ts"] };
    save("tsconfig.json", JSON.stringify(extended));
    await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder]);
  });

  /** Starts a program that listens, and calls it. */
  const whileRunning = async (page: string, n: number, use: (call: Call) => Promise<void>): Promise<void> => {
    const port = await freePort();
    const file = save(`${page.replaceAll("/", "-")}-${n}.ts`, block(page, n, port));
    await using api = new CarnetProcess([], { command: [process.execPath, file] });
    await api.prints("stdout", /^Listening on http/m);
    await use((path, token) => fetch(`http://127.0.0.1:${port}${path}`, authorized(token)));
  };

  /** Imports a module, and calls a handler that it exports. */
  const imported = async (page: string, n: number): Promise<Readonly<Record<string, unknown>>> =>
    import(pathToFileURL(save(`${page.replaceAll("/", "-")}-${n}.ts`, block(page, n))).href);

  const admitsReaders = async (call: Call): Promise<void> => {
    const admitted = await call("/files", tokens.reader);
    assert.equal(admitted.status, 200);
    assert.equal(Object(await admitted.json()).readBy, tokens.clientId);
    assert.equal((await call("/files", tokens.writer)).status, 403);
    assert.equal((await call("/files")).status, 401);
  };

  const servesMetadata = async (call: Call): Promise<void> => {
    const response = await call("/.well-known/oauth-protected-resource");
    assert.equal(response.status, 200);
    const { resource, authorization_servers } = Object(await response.json());
    assert.deepEqual({ resource, authorization_servers }, { resource: audience, authorization_servers: [service.url] });
  };

  test("the README's API admits readers", async () => {
    const n = blocksOf("README.md", "ts").findIndex((code) => code.includes("@carnet/guard"));
    await whileRunning("README.md", n, admitsReaders);
  });

  test("a route of Express logs why a request is refused", async () => {
    const { needs } = await imported(main, 1);
    assert.ok(typeof needs === "function");
    const logged: unknown[] = [];
    const response = { setHeader() {}, end: () => {}, statusCode: 0 };
    const { info } = console;
    console.info = (...values) => void logged.push(...values);
    try {
      await needs("file:read")({ headers: {} }, response, () => {});
    } finally {
      console.info = info;
    }
    assert.deepEqual([logged[0], response.statusCode], ["TokenMissing", 401]);
  });

  test("Express serves the metadata to everybody and protects the rest", () =>
    whileRunning(main, 2, async (call) => {
      await servesMetadata(call);
      assert.match((await call("/files")).headers.get("www-authenticate") ?? "", /resource_metadata="https:\/\/files/);
      assert.equal((await call("/files", tokens.writer)).status, 404);
    }));

  test("Fastify admits readers and serves the metadata", () =>
    whileRunning("docs/guide/protect-an-api/frameworks.md", 0, async (call) => {
      await admitsReaders(call);
      await servesMetadata(call);
    }));

  for (const [name, page, n] of [
    ["Hono", "docs/guide/protect-an-api/frameworks.md", 1],
    ["a worker", "docs/guide/protect-an-api/fetch.md", 0],
  ] as const)
    test(`${name} admits readers and serves the metadata`, async () => {
      const { default: app } = await imported(page, n);
      const { fetch } = app as { fetch(request: Request): Promise<Response> };
      const call: Call = async (path, token) => fetch(new Request(`${audience}${path}`, authorized(token)));
      await admitsReaders(call);
      await servesMetadata(call);
    });

  test("route handlers of Next.js admit readers, and get their parameters", async () => {
    for (const [n, context] of [
      [1, undefined],
      [2, { params: Promise.resolve({ id: "7" }) }],
    ] as const) {
      const { GET } = await imported("docs/guide/protect-an-api/fetch.md", n);
      assert.ok(typeof GET === "function");
      await admitsReaders((path, token) => GET(new Request(`${audience}${path}`, authorized(token)), context));
    }
  });

  test("the test of an API passes", async () => {
    const file = save("api.test.ts", block("docs/guide/protect-an-api/testing.md", 0));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env; // else the inner run reports to this one
    const { stdout } = await promisify(execFile)(process.execPath, ["--test", file], { env });
    assert.match(stdout, /^ℹ pass 1$/m);
  });

  test("the service for nginx answers by the scope in the path", () =>
    whileRunning("docs/guide/protect-an-api/proxies.md", 0, async (call) => {
      const admitted = await call("/file:read", tokens.reader);
      assert.deepEqual([admitted.status, admitted.headers.get("x-client-id")], [204, tokens.clientId]);
      assert.equal((await call("/file:read", tokens.writer)).status, 403);
      assert.equal((await call("/file:write", tokens.reader)).status, 403);
      assert.equal((await call("/file:read")).status, 401);
    }));
});
