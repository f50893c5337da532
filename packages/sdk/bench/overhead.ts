// What the SDK costs: `node packages/sdk/bench/overhead.ts`. A cached token() is timed alone; sdk.fetch is timed against a
// bare fetch that sends the same headers, in turns of small batches, to a server in a process of its own on loopback.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { SDK } from "@carnet/sdk";

const ROUNDS = 300;
const BATCH = 40;

if (process.send) serve(process.send.bind(process));
else await measure();

function serve(tell: (port: number) => void): void {
  const token = JSON.stringify({ access_token: "x".repeat(700), expires_in: 3600, scope: "a b", token_type: "Bearer" });
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(request.method === "POST" ? token : '{"ok":true}');
  });
  server.listen(0, "127.0.0.1", () => tell(Object(server.address()).port));
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
    say(`${name} from the cache: ${median(times).toFixed(0)} ns`);
  }
}

async function fetchCost(sdk: SDK, serverURL: string): Promise<void> {
  const { accessToken } = await sdk.token();
  const headers = { authorization: `Bearer ${accessToken}`, "user-agent": "bench", "x-version": "2026-01-01" };
  const ways = {
    bare: () => fetch(`${serverURL}/x`, { headers }),
    sdk: () => sdk.fetch("/x"),
  };
  const times = { bare: [] as number[], sdk: [] as number[] };
  for (let round = -30; round < ROUNDS; round++) {
    // Which goes first changes from round to round, so that neither has the better place.
    for (const way of round % 2 === 0 ? (["bare", "sdk"] as const) : (["sdk", "bare"] as const)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < BATCH; i++) await (await ways[way]()).text();
      if (round >= 0) times[way].push(Number(process.hrtime.bigint() - start) / BATCH / 1000);
    }
  }
  const [bare, ours] = [median(times.bare), median(times.sdk)];
  say(
    `bare fetch: ${bare.toFixed(1)} us, sdk.fetch: ${ours.toFixed(1)} us, ${((ours / bare - 1) * 100).toFixed(1)} % more`,
  );
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
