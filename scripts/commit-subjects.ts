// Checks the subject lines of commits: `node scripts/commit-subjects.ts`.
import { spawnSync } from "node:child_process";

/** Subjects before this commit follow no rule. */
const base = "b33f3c3f14eb465acfc120ec658ffba17114cfd8";

const areas = "protocol|core|server|sdk|guard|cli|console|bench|docs|deploy|test|build";
const wellFormed = new RegExp(`^(?:${areas}): \\S`);

/** Says why a subject is refused; undefined if it is accepted. */
export function subjectProblem(subject: string): string | undefined {
  if (subject.length > 72) return `has ${subject.length} characters; at most 72 are accepted`;
  if (!wellFormed.test(subject)) return `must start with an area and a colon, such as "core: "; areas: ${areas}`;
  return undefined;
}

if (import.meta.main) {
  const git = (...args: readonly string[]) => spawnSync("git", args, { encoding: "utf8" });
  // A shallow clone may not hold the base; then every commit that it holds is newer.
  const range = git("cat-file", "-e", `${base}^{commit}`).status === 0 ? `${base}..HEAD` : "HEAD";
  const { status, stdout, stderr } = git("log", "--no-merges", "--format=%h %s", range);
  process.stderr.write(stderr);
  const problems = stdout.split("\n").flatMap((line) => {
    const [, commit, subject] = /^(\w+) (.*)$/.exec(line) ?? [];
    const problem = subject === undefined ? undefined : subjectProblem(subject);
    return problem === undefined ? [] : [`${commit} "${subject}": the subject ${problem}`];
  });
  for (const problem of problems) process.stderr.write(`${problem}\nReword it with \`git rebase -i ${base}\`.\n`);
  process.exitCode = status === 0 && problems.length === 0 ? 0 : 1;
}
