import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { createRevocationFeed } from "@carnet/server/revocation/revocation-feed";
import { openTestKeyRing } from "@carnet/testkit/test-key-ring";
import { carnet, serve } from "../contenders/carnet.ts";
import { startContender } from "../processes/running-contender.ts";
import { readUsage, usageBetween } from "../processes/usage.ts";
import { fillRegistry } from "../registry/fill-registry.ts";
import { fillRevocations } from "../registry/fill-revocations.ts";
import { client } from "../workload.ts";
import type { Bench, Mode } from "./mode.ts";

/** The feed with a number of live revocations. */
export interface FeedResult {
  readonly revocations: number;
  /** Of one answer, and of the same compressed. */
  readonly bytes: number;
  readonly compressed: number;
  /** Milliseconds to sign the feed anew. */
  readonly signing: readonly number[];
  /** Answers with the whole feed. */
  readonly whole: readonly FeedSlice[];
  /** Answers to readers that have it. */
  readonly unchanged: readonly FeedSlice[];
  /** Bytes. */
  readonly resident: number;
}

export interface FeedSlice {
  /** Answers per second. */
  readonly rate: number;
  /** CPU microseconds of the service per answer. */
  readonly cpu: number;
}

const connections = 8;

export const revocations: Mode<readonly FeedResult[]> = {
  name: "revocations",
  about: "the revocation feed, small and large",
  estimate: (scale) => scale.feedSizes.length * (3 + 2 * scale.rounds * scale.slice),
  async measure(bench) {
    const results: FeedResult[] = [];
    for (const size of bench.scale.feedSizes) results.push(await measureFeed(bench, size));
    return results;
  },
};

async function measureFeed({ scale, progress }: Bench, size: number): Promise<FeedResult> {
  progress.part(`a feed of ${size} revocations`);
  const folder = mkdtempSync(join(tmpdir(), "carnet-bench-"));
  try {
    const store = join(folder, "carnet.db");
    await fillRegistry(store, [client]);
    await fillRevocations(store, size);
    await using running = await startContender(carnet, { launch: (port) => serve(store, port) });
    const url = `http://127.0.0.1:${running.port}/oauth2/revocations`;
    const first = await read(url, new Agent());
    const slices = { whole: [] as FeedSlice[], unchanged: [] as FeedSlice[] };
    for (let round = 0; round < scale.rounds; round++)
      for (const kind of ["whole", "unchanged"] as const) {
        slices[kind].push(await measureAnswers(running.pids, url, { kind, seconds: scale.slice }));
        progress.step(scale.slice, kind);
      }
    const { resident } = readUsage(running.pids);
    const signing = await measureSigning(size, scale.rounds);
    progress.step(3);
    const compressed = gzipSync(first.body).length;
    return { revocations: size, bytes: first.body.length, compressed, signing, ...slices, resident };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads the feed over some connections as fast as they allow. */
async function measureAnswers(
  pids: readonly number[],
  url: string,
  { kind, seconds }: { readonly kind: "whole" | "unchanged"; readonly seconds: number },
): Promise<FeedSlice> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let answers = 0;
  const before = readUsage(pids);
  const start = performance.now();
  const hasTime = (): boolean => performance.now() - start < seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const headers = { "If-None-Match": kind === "whole" ? '""' : "*" };
      do {
        const { status } = await read(url, agent, headers);
        if (status !== (kind === "whole" ? 200 : 304)) throw new Error(`the feed was answered with ${status}`);
        answers++;
      } while (hasTime());
    }),
  );
  const took = (performance.now() - start) / 1000;
  const { user, system } = usageBetween(before, readUsage(pids));
  agent.destroy();
  return { rate: answers / took, cpu: (user + system) / answers };
}

async function read(url: string, agent: Agent, headers: Readonly<Record<string, string>> = {}) {
  const [answer]: [IncomingMessage] = (await once(get(url, { agent, headers }), "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return { status: answer.statusCode, body: Buffer.concat(chunks) };
}

/** Signs a feed again and again, with one more change each time. */
async function measureSigning(size: number, rounds: number): Promise<readonly number[]> {
  const clock = { now: () => 0 };
  const { ring: keys } = await openTestKeyRing(clock, [await generateSigningKey("ES256")]);
  const tokens = Array.from({ length: size }, (_, number) => String(number).padStart(22, "x"));
  const list = {
    readAt: 0,
    version: 0,
    refreshIfOlder: async () => {},
    subjects: (kind: string) => (kind === "token" ? tokens : []).values(),
    *cutOffs(): Generator<never> {},
  };
  const feed = createRevocationFeed({
    access: "public",
    issuer: "https://iam.example",
    list,
    keys,
    clock,
  });
  const took: number[] = [];
  for (let sample = 0; sample < 3 * rounds; sample++) {
    list.version++;
    const start = performance.now();
    await feed.current();
    took.push(performance.now() - start);
  }
  return took.slice(rounds); // the first ones warm up
}
