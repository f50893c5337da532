import { type LibraryName, libraries } from "./all.ts";
import type { Library } from "./library.ts";

/** The process in which one library does all tasks: its name, the service, seconds a task and callers come as arguments. */

/** What one library came to. */
export interface LibraryResult {
  readonly title: string;
  readonly version: string;
  readonly use: string;
  /** Nanoseconds for a token that is kept, and CPU nanoseconds of the process. */
  readonly cached: Cost;
  /** Microseconds for an authorised GET, one after the other; undefined where it has none. */
  readonly fetch: Cost | undefined;
  /** The same by the platform's fetch with the header written by hand, in turns with it. */
  readonly bareFetch: Cost;
  /** Many callers at once, none of whom has a token yet. */
  readonly herd: {
    readonly callers: number;
    readonly milliseconds: number;
    readonly tokenRequests: number;
    /** Callers that got no token, because so many connections at once were refused. */
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
const { fetch: authorised, bare } = await measureFetch(library);
const { title, version, use } = library;
const result: LibraryResult = { title, version, use, cached, fetch: authorised, bareFetch: bare, herd };
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

async function measureFetch(warm: Library): Promise<{ fetch: Cost | undefined; bare: Cost }> {
  const url = `${server}/api`;
  const own = warm.fetch;
  const headers = { Authorization: `Bearer ${await warm.token()}` };
  const viaLibrary = async (): Promise<void> => void (await (await own?.(url))?.text());
  const viaPlatform = async (): Promise<void> => void (await (await fetch(url, { headers })).text());
  const costs: { fetch: Cost[]; bare: Cost[] } = { fetch: [], bare: [] };
  for (let turn = 0; turn < 7; turn++) {
    costs.bare.push(await repeat(viaPlatform, seconds / 5));
    if (own !== undefined) costs.fetch.push(await repeat(viaLibrary, seconds / 5));
  }
  const middle = (list: readonly Cost[]): Cost | undefined => {
    const cost = list.slice(1).toSorted((a, b) => a.cpu - b.cpu)[Math.floor((list.length - 1) / 2)];
    return cost && { time: cost.time * 1000, cpu: cost.cpu * 1000 };
  };
  return { fetch: middle(costs.fetch), bare: middle(costs.bare) ?? { time: Number.NaN, cpu: Number.NaN } };
}

/** Milliseconds that an act takes, done over and over. */
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
