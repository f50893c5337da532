// Shows that calls with one long-lived signal leave nothing behind: `node --expose-gc flat-heap.js`. It fails if the heap
// grows by more than 20 bytes per call over 100,000 calls on an in-memory network, or by more than 400 over 3,000 calls on
// loopback, where the runtime's own buffers vary by that much. It also fails if a signal no longer ends the reading of a body
// after a garbage collection. `npm run runtimes` runs it on each Node version.
import { createServer } from "node:http";
import { SDK, type SDKOptions } from "@carnet/sdk";

const { gc } = globalThis as { gc?: () => Promise<void> | void };
if (!gc) throw new Error("run it with --expose-gc");

async function settledHeap(): Promise<number> {
  for (let i = 0; i < 10; i++) {
    await gc?.();
    await new Promise((resolve) => setImmediate(resolve)); // Finalizers run in tasks of their own.
  }
  return process.memoryUsage().heapUsed;
}

interface Measurement {
  readonly name: string;
  readonly calls: number;
  readonly warmUp: number;
  /** The allowed growth of the heap in bytes per call. */
  readonly bound: number;
}

async function measure(
  { name, calls, warmUp, bound }: Measurement,
  call: (n: number) => Promise<unknown>,
): Promise<void> {
  const run = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await call(n);
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await run(warmUp);
  const before = await settledHeap();
  await run(calls);
  const bytes = ((await settledHeap()) - before) / calls;
  process.stdout.write(`${name}: ${bytes.toFixed(1)} bytes per call\n`);
  if (bytes > bound) process.exitCode = 1;
}

const TOKEN = JSON.stringify({ access_token: "token", token_type: "Bearer", expires_in: 3600 });

/** Each kind of call: read, not read, failed, retried, timed out of a limit, and token requests. */
const kinds: readonly ((sdk: SDK, signal: AbortSignal) => Promise<unknown>)[] = [
  async (sdk, signal) => (await sdk.fetch("/ok", { signal })).text(),
  async (sdk, signal) => (await sdk.fetch("/ok", { signal, timeoutMs: 60_000 })).text(),
  (sdk, signal) => sdk.fetch("/ok", { signal }).then((response) => response.body?.cancel()),
  (sdk, signal) => sdk.iam.tokenRequest({}, { signal }),
  (sdk, signal) => sdk.token({ signal, forceRefresh: true }),
  (sdk, signal) => sdk.fetch("/busy", { signal, retries: { maxRetries: 1, initialIntervalMs: 0 } }),
  (sdk, signal) => sdk.fetch("/broken", { signal, retries: 0 }).catch(() => {}),
];

const answer = (path: string): { readonly status: number; readonly body: string } =>
  path === "/oauth2/token" ? { status: 200, body: TOKEN } : { status: path === "/busy" ? 503 : 200, body: "ok" };

const sdkWith = (options: SDKOptions): SDK =>
  new SDK({ security: { clientId: "memory", clientSecret: "not-a-real-secret" }, ...options });

const { signal } = new AbortController();
const one = (sdk: SDK, n: number): Promise<unknown> | undefined => kinds[n % kinds.length]?.(sdk, signal);

const inMemory = sdkWith({
  serverURL: "https://api.example.test",
  httpClient: async (input) => {
    const { pathname } = new URL(String(input));
    if (pathname === "/broken") throw new TypeError("fetch failed");
    const { status, body } = answer(pathname);
    return new Response(body, { status });
  },
});
const inMemoryRun = { name: "in memory", calls: 100_000, warmUp: 10_000, bound: 20 };
await measure(inMemoryRun, async (n) => one(inMemory, n));

const server = createServer((request, response) => {
  request.resume();
  if (request.url === "/broken") return void request.socket.destroy();
  const { status, body } = answer(String(request.url));
  response.writeHead(status).write(body);
  if (request.url !== "/open") response.end();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const overLoopback = sdkWith({ serverURL: `http://127.0.0.1:${Object(server.address()).port}` });
const loopbackRun = { name: "over loopback", calls: 3_000, warmUp: 3_000, bound: 400 };
await measure(loopbackRun, async (n) => one(overLoopback, n));

// The signal must still end the reading of a response after a garbage collection.
const controller = new AbortController();
const open = await overLoopback.fetch("/open", { signal: controller.signal });
await settledHeap();
controller.abort();
const ended = await Promise.race([
  open.text().then(
    () => "read",
    () => "aborted",
  ),
  new Promise((resolve) => setTimeout(resolve, 5_000, "still open")),
]);
process.stdout.write(`an open body after an abort: ${ended}\n`);
if (ended !== "aborted") process.exitCode = 1;
server.close();
server.closeAllConnections();
