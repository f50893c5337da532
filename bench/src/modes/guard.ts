import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { GuardResults } from "../guard/tasks.ts";
import type { Scale } from "../scale.ts";
import type { Mode } from "./mode.ts";

const estimate = ({ rounds, slice }: Scale): number => (rounds + 1) * 7 * slice + 3;

export const guard: Mode<GuardResults> = {
  name: "guard",
  about: "verifying tokens in an API",
  estimate,
  async measure({ scale, progress }) {
    progress.part("guard");
    const args = [String(scale.rounds), String(scale.slice)];
    const child = fork(fileURLToPath(new URL("../guard/tasks.ts", import.meta.url)), args);
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`the verifiers ended with ${code} before they sent results`);
    });
    const results: GuardResults = await Promise.race([once(child, "message").then(([message]) => message), failed]);
    failed.catch(() => {}); // The process ends normally after its results.
    progress.step(estimate(scale));
    return results;
  },
};
