import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createTestIssuer } from "@carnet/guard/testing";
import { audience } from "../workload.ts";
import { verifiers } from "./all.ts";
import type { Task, Verify } from "./verifier.ts";

// The process that measures all verifiers in alternating rounds. Arguments: rounds, seconds per slice.

/** Microseconds for one verification, one figure a round. */
export interface GuardRounds {
  readonly time: number[];
  readonly cpu: number[];
}

/** The results of one verifier. */
export interface VerifierResult {
  readonly title: string;
  readonly version: string;
  readonly use: string;
  /** Different tokens, each for the first time. */
  readonly uncached: GuardRounds;
  /** One token again and again. Undefined if it has no cache. */
  readonly cached: GuardRounds | undefined;
}

/** All verifiers beside the bare signature check of Web Crypto. */
export interface GuardResults {
  readonly bare: GuardRounds;
  readonly verifiers: readonly VerifierResult[];
}

const [rounds = 1, seconds = 1] = process.argv.slice(2).map(Number);
const tokensPerPass = 500;
const cachedPerPass = 20_000;

const server = createServer((request, response) => void answer(request.url ?? "").then((text) => response.end(text)));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("the issuer has no port");
const issuer = await createTestIssuer({ issuer: `http://127.0.0.1:${address.port}`, audience });
for (let n = 0; n < 100; n++) await issuer.revoke({ tokenId: crypto.randomUUID() });

const tokens: string[] = [];
for (let n = 0; n < tokensPerPass; n++) tokens.push(await issuer.issue({ scopes: ["file:read", "file:write"] }));
const jwks: Task["jwks"] = JSON.parse(await answer("/oauth2/jwks"));
const [jwk] = jwks.keys;
const publicKey = createPublicKey({ key: jwk ?? {}, format: "jwk" });
const pem = String(publicKey.export({ type: "spki", format: "pem" }));
const task: Task = { issuer: issuer.issuer, audience, jwks, pem };

const results: GuardResults = {
  bare: { time: [], cpu: [] },
  verifiers: verifiers.map(({ title, version, use, open }) => ({
    ...{ title, version, use },
    uncached: { time: [], cpu: [] },
    cached: open(task, true) && { time: [], cpu: [] },
  })),
};
for (let round = -1; round < rounds; round++) {
  const isWarmup = round < 0;
  const keep = (kept: GuardRounds | undefined, cost: { readonly time: number; readonly cpu: number }): void => {
    if (isWarmup) return;
    kept?.time.push(cost.time);
    kept?.cpu.push(cost.cpu);
  };
  keep(results.bare, await measureBare());
  for (const [n, { open }] of verifiers.entries()) {
    const result = results.verifiers[n];
    keep(result?.uncached, await measureUncached(() => open(task, false)));
    const cached = open(task, true);
    if (cached !== undefined) keep(result?.cached, await measureCached(cached));
  }
}
server.close();
server.closeAllConnections();
process.send?.(results);
process.disconnect?.();

async function answer(path: string): Promise<string> {
  return (await issuer.fetch(issuer.issuer + path)).text();
}

/** The signature check alone, with everything decoded before. */
async function measureBare() {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { ...jwk }, algorithm, false, ["verify"]);
  const prepared = tokens.map((token) => {
    const end = token.lastIndexOf(".");
    return { signature: Buffer.from(token.slice(end + 1), "base64url"), signed: Buffer.from(token.slice(0, end)) };
  });
  return repeat(tokensPerPass, async () => {
    for (const { signature, signed } of prepared)
      if (!(await crypto.subtle.verify(algorithm, key, signature, signed))) throw new Error("a signature is wrong");
  });
}

async function measureUncached(open: () => Verify | undefined) {
  const verify = open();
  if (verify === undefined) throw new Error("a verifier cannot be opened");
  await verify(tokens[0] ?? "");
  return repeat(tokensPerPass, async () => {
    for (const token of tokens) await verify(token);
  });
}

/** Each time a new text, as in a real request: V8 keeps the hash of a text that it has seen as a key. */
async function measureCached(verify: Verify) {
  const bytes = Buffer.from(tokens[0] ?? "");
  return repeat(cachedPerPass, async () => {
    for (let n = 0; n < cachedPerPass; n++) await verify(bytes.toString("latin1"));
  });
}

/** Repeats a pass for the time of a slice, and gives microseconds per verification. */
async function repeat(count: number, pass: () => Promise<void>) {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let passes = 0;
  let elapsed = 0;
  do {
    await pass();
    passes++;
    elapsed = performance.now() - start;
  } while (elapsed < seconds * 1000);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { time: (elapsed * 1000) / passes / count, cpu: (user + system) / passes / count };
}
