import { medianOf, ratiosOf, type Spread } from "../statistics.ts";
import { type LibraryName, libraries } from "./all.ts";
import type { Library } from "./library.ts";

// The process that measures one library. Arguments: its name, the service, seconds per task, number of callers.

/** The results of one library. */
export interface LibraryResult {
  readonly title: string;
  readonly version: string;
  readonly use: string;
  /** Nanoseconds, and CPU nanoseconds of the process, for a cached token. */
  readonly cached: Cost;
  /**
   * CPU of sequential authorised GETs relative to the platform's fetch with the same header, in alternating rounds.
   * Undefined if the library has no fetch.
   */
  readonly fetch: Spread | undefined;
  /** CPU microseconds of a GET with the platform's fetch. */
  readonly bareFetch: number;
  /** Many concurrent callers without a cached token. */
  readonly herd: {
    readonly callers: number;
    readonly milliseconds: number;
    readonly tokenRequests: number;
    /** Callers without a token, because connections were refused. */
    readonly failed: number;
  };
}

export interface Cost {
  readonly time: number;
  readonly cpu: number;
}

const [name = "", server = "", secondsText = "", callersText = ""] = process.argv.slice(2);
const open = libraries[name as LibraryName];
const seconds = Number(secondsText);

const herd = await measureHerd(await open(server), Number(callersText));
const library = await open(server);
const cached = await measureCached(library);
const { authorised, bare } = await measureFetch(library);
const { title, version, use } = library;
const bareFetch = medianOf(bare);
const fetchRatio = authorised.length === 0 ? undefined : ratiosOf(authorised, bare);
const result: LibraryResult = { title, version, use, cached, fetch: fetchRatio, bareFetch, herd };
process.send?.(result);
process.disconnect?.();

async function measureHerd(fresh: Library, callers: number): Promise<LibraryResult["herd"]> {
  const before = await countTokens();
  const start = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, () => fresh.token()));
  const milliseconds = performance.now() - start;
  const failed = outcomes.filter(({ status }) => status === "rejected").length;
  return { callers, milliseconds, tokenRequests: (await countTokens()) - before, failed };
}

async function countTokens(): Promise<number> {
  const { tokens }: { tokens: number } = await (await fetch(`${server}/count`)).json();
  return tokens;
}

async function measureCached(warm: Library): Promise<Cost> {
  const few = async (): Promise<void> => {
    for (let call = 0; call < 100; call++) await warm.token();
  };
  await repeat(few, seconds / 4);
  const { time, cpu } = await repeat(few, seconds);
  return { time: (time / 100) * 1e6, cpu: (cpu / 100) * 1e6 };
}

/** CPU microseconds in each round. */
async function measureFetch(warm: Library): Promise<Readonly<Record<"authorised" | "bare", readonly number[]>>> {
  const url = `${server}/api`;
  const own = warm.fetch;
  const headers = { Authorization: `Bearer ${await warm.token()}` };
  const viaLibrary = async (): Promise<void> => void (await (await own?.(url))?.text());
  const viaPlatform = async (): Promise<void> => void (await (await fetch(url, { headers })).text());
  const costs: Record<"authorised" | "bare", number[]> = { authorised: [], bare: [] };
  for (let turn = -1; turn < 12; turn++) {
    const bare = await repeat(viaPlatform, seconds / 8);
    const authorised = own && (await repeat(viaLibrary, seconds / 8));
    if (turn < 0) continue; // Warm-up.
    costs.bare.push(bare.cpu * 1000);
    if (authorised !== undefined) costs.authorised.push(authorised.cpu * 1000);
  }
  return costs;
}

/** Repeats an act and returns the milliseconds per repetition. */
async function repeat(act: () => Promise<void>, duration: number): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let times = 0;
  let elapsed = 0;
  do {
    await act();
    times++;
    elapsed = performance.now() - start;
  } while (elapsed < duration * 1000);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { time: elapsed / times, cpu: (user + system) / 1000 / times };
}
