import { categoryOf } from "./categories.ts";
import type { CallFrame, CpuProfile, ProfileNode } from "./cpu-profile.ts";

export interface ProfileShare {
  readonly name: string;
  /** The share of the busy time, from 0 to 1. */
  readonly share: number;
}

/** Evaluates only the last busy seconds, which excludes the start. */
export type Window = { readonly last: number } | undefined;

/** The busy time by category. */
export function sharesOf(profile: CpuProfile, window: Window): { shares: ProfileShare[]; busy: number } {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const category = (id: number): string => {
    const stack: CallFrame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = nodes.get(at)?.callFrame;
      if (frame !== undefined) stack.push(frame);
    }
    return categoryOf(stack);
  };
  const { times, busy } = busyTimes(profile, window);
  return { shares: sum(times, busy, category), busy: busy / 1000 };
}

/** Functions by self time. */
export function topFunctions(profile: CpuProfile, window: Window): ProfileShare[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const { times, busy } = busyTimes(profile, window);
  return sum(times, busy, (id) => {
    const frame = nodes.get(id)?.callFrame;
    if (frame === undefined) return "unknown";
    const file = frame.url.replace(/^.*\/(?=node_modules\/|packages\/)/, "").replace("node_modules/", "");
    return `${frame.functionName || "(anonymous)"} ${file === "" ? "" : `(${file}:${frame.lineNumber + 1})`}`.trim();
  });
}

function busyTimes(profile: CpuProfile, window: Window): { times: Map<number, number>; busy: number } {
  const idle = new Set(profile.nodes.filter(isIdle).map(({ id }) => id));
  const times = new Map<number, number>();
  let busy = 0;
  const most = window === undefined ? Number.POSITIVE_INFINITY : window.last * 1e6 * 0.8;
  for (let at = profile.samples.length - 1; at >= 0 && busy < most; at--) {
    const id = profile.samples[at] ?? 0;
    if (idle.has(id)) continue;
    const time = profile.timeDeltas[at] ?? 0;
    times.set(id, (times.get(id) ?? 0) + time);
    busy += time;
  }
  return { times, busy };
}

const isIdle = ({ callFrame }: ProfileNode): boolean => callFrame.functionName === "(idle)";

function sum(times: ReadonlyMap<number, number>, busy: number, nameOf: (id: number) => string): ProfileShare[] {
  const totals = new Map<string, number>();
  for (const [id, time] of times) totals.set(nameOf(id), (totals.get(nameOf(id)) ?? 0) + time);
  return [...totals]
    .map(([name, time]) => ({ name, share: time / busy }))
    .toSorted((left, right) => right.share - left.share);
}
