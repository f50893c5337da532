import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { carnetFromSources } from "../contenders/carnet.ts";
import { startContender } from "../processes/running-contender.ts";
import type { CpuProfile } from "../profile/cpu-profile.ts";
import { type ProfileShare, sharesOf, topFunctions } from "../profile/shares.ts";
import { capacityConnections } from "./issuing.ts";
import type { Bench, Mode } from "./mode.ts";
import { measureSlice, oneClient, wrongSecret } from "./slice.ts";

/** Where Carnet spends its time. */
export interface ProfileResults {
  readonly tokens: Profile;
  readonly refusals: Profile;
  readonly start: Profile;
}

export interface Profile {
  /** Shares of the busy time by category. */
  readonly shares: readonly ProfileShare[];
  readonly top: readonly ProfileShare[];
  /** Busy milliseconds. */
  readonly busy: number;
}

export const profile: Mode<ProfileResults> = {
  name: "profile",
  about: "where Carnet spends its time",
  estimate: (scale) => 2 * (scale.profile + scale.firstWarmup + 2) + 2,
  async measure(bench) {
    bench.progress.part("profile");
    return {
      tokens: await profileLoad(bench, "tokens"),
      refusals: await profileLoad(bench, "refusals"),
      start: await profiled(async () => {}),
    };
  },
};

function profileLoad({ scale, generator, progress }: Bench, kind: "tokens" | "refusals"): Promise<Profile> {
  return profiled(async (running) => {
    const load = kind === "tokens" ? { callers: oneClient, expect: 200 } : { callers: wrongSecret, expect: 401 };
    const pace = { kind: "closed", connections: capacityConnections } as const;
    const measure = { seconds: scale.profile };
    await measureSlice(running, generator, { ...load, pace, warmup: scale.firstWarmup, measure });
    progress.step(scale.profile + scale.firstWarmup + 2, kind);
  }, scale.profile);
}

/** Runs Carnet under V8's profiler. With `seconds`, evaluates only that much time before the end. */
async function profiled(
  work: (running: Awaited<ReturnType<typeof startContender>>) => Promise<void>,
  seconds?: number,
): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), "carnet-bench-profile-"));
  try {
    const nodeOptions = ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=200"];
    const running = await startContender(carnetFromSources(), { nodeOptions });
    await work(running);
    await running.stop();
    const [file] = globSync(join(folder, "CPU.*.*.*.0.*.cpuprofile")); // Thread 0 is the main thread.
    if (file === undefined) throw new Error("the profiler wrote no file");
    const raw: CpuProfile = JSON.parse(readFileSync(file, "utf8"));
    const window = seconds === undefined ? undefined : { last: seconds };
    return { ...sharesOf(raw, window), top: topFunctions(raw, window).slice(0, 25) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
