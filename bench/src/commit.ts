import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** The measured commit, with a trailing plus if the packages have uncommitted changes. Null outside of git. */
export function measuredCommit(): string | null {
  try {
    const changed = git("status", "--porcelain", "--", "packages") !== "";
    return git("rev-parse", "--short=10", "HEAD") + (changed ? "+" : "");
  } catch {
    return null;
  }
}

const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-C", checkout, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
