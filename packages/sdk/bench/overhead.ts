// Measures the SDK's overhead: `node packages/sdk/bench/overhead.ts`. It times a cached token(), and compares sdk.fetch
// with a bare fetch that sends the same headers, in pairs of small batches, against a loopback server in its own process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { SDK } from "@carnet/sdk";

const ROUNDS = 4000;
const BATCHES = 3;
const CONCURRENCY = 16;

if (process.send) serve(process.send.bind(process));
else await measure();

function serve(report: (port: number) => void): void {
  const token = JSON.stringify({ access_token: "x".repeat(700), expires_in: 3600, scope: "a b", token_type: "Bearer" });
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(request.method === "POST" ? token : '{"ok":true}');
  });
  server.listen(0, "127.0.0.1", () => report(Object(server.address()).port));
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename);
  const [port] = await once(child, "message");
  const serverURL = `http://127.0.0.1:${port}`;
  const sdk = new SDK({ security: { clientId: "bench", clientSecret: "bench" }, serverURL });
  try {
    await tokenCost(sdk);
    await fetchCost(sdk, serverURL);
  } finally {
    child.kill();
  }
}

async function tokenCost(sdk: SDK): Promise<void> {
  for (const [name, options] of [
    ["token()", undefined],
    ['token({ scopes: "a b" })', { scopes: "a b" }],
  ] as const) {
    await sdk.token(options);
    const times: number[] = [];
    for (let round = 0; round < 50; round++) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < 10_000; i++) await sdk.token(options);
      times.push(Number(process.hrtime.bigint() - start) / 10_000);
    }
    print(`${name} from the cache: ${quantile(times, 0.5).toFixed(0)} ns`);
  }
}

async function fetchCost(sdk: SDK, serverURL: string): Promise<void> {
  const { accessToken } = await sdk.token();
  const headers = { authorization: `Bearer ${accessToken}`, "user-agent": "bench", "x-version": "2026-01-01" };
  const bare = () => batch(() => fetch(`${serverURL}/x`, { headers }));
  const ours = () => batch(() => sdk.fetch("/x"));
  const costs: number[] = [];
  const ratios: number[] = [];
  for (let round = -50; round < ROUNDS; round++) {
    // The two batches of a pair run back to back. Their order alternates so that it favours neither.
    const isFirst = round % 2 === 0;
    const one = await (isFirst ? bare() : ours());
    const two = await (isFirst ? ours() : bare());
    if (round < 0) continue;
    costs.push(isFirst ? one : two);
    ratios.push(isFirst ? two / one : one / two);
  }
  const [low = 0, middle = 0, high = 0] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part));
  const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`;
  print(`bare fetch: ${quantile(costs, 0.5).toFixed(1)} us; sdk.fetch adds ${percent(middle)}`);
  print(`(half of ${ROUNDS} pairs between ${percent(low)} and ${percent(high)})`);
}

/** The time of one call in microseconds, at sixteen concurrent calls. */
async function batch(call: () => Promise<Response>): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < BATCHES; i++) {
    await Promise.all(Array.from({ length: CONCURRENCY }, async () => (await call()).text()));
  }
  return Number(process.hrtime.bigint() - start) / (BATCHES * CONCURRENCY) / 1000;
}

function quantile(values: number[], part: number): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
