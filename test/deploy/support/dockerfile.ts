import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { DockerfileParser, ModifiableInstruction } from "dockerfile-ast";

/** Carries out the steps of a Dockerfile in plain folders, because images cannot be built where the tests run. */

const root = join(import.meta.dirname, "../../..");

export interface Step {
  readonly keyword: string;
  /** Without the flags, and on one line. */
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
}

/** The steps of a Dockerfile, by stages. The first group holds what comes before the first FROM. */
export function stagesOf(path: string): readonly (readonly Step[])[] {
  const stages: Step[][] = [[]];
  for (const instruction of DockerfileParser.parse(readFileSync(join(root, path), "utf8")).getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === "FROM") stages.push([]);
    const text = (instruction.getArgumentsContent() ?? "").replaceAll(/\\\n\s*/g, "");
    const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
    const named = Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ""]));
    stages.at(-1)?.push({ keyword, text, flags: named });
  }
  return stages;
}

/** The words of a step in exec form, the only one that works in an image without a shell. Throws for the shell form. */
export const execForm = (text: string): readonly string[] => JSON.parse(text);

/** A stage that is being built. The paths of its image are below `folder`. */
export interface Stage {
  readonly name: string | undefined;
  readonly folder: string;
  workdir: string;
  user: string;
}

/** Carries out the steps of one stage. Only RUN, COPY, WORKDIR and USER change files or the steps after them. */
export function buildStage(steps: readonly Step[], folder: string, earlier: readonly Stage[]): Stage {
  const [from] = steps;
  const stage: Stage = { name: from?.text.split(" AS ")[1], folder, workdir: "/", user: "0:0" };
  for (const step of steps) actions[step.keyword]?.(step, stage, earlier);
  return stage;
}

const actions: Readonly<Record<string, (step: Step, stage: Stage, earlier: readonly Stage[]) => void>> = {
  WORKDIR({ text }, stage) {
    stage.workdir = text;
    mkdirSync(join(stage.folder, text), { recursive: true });
  },
  USER({ text }, stage) {
    stage.user = text;
  },
  RUN({ text }, { folder, workdir }) {
    execFileSync("sh", ["-ec", text], { cwd: join(folder, workdir), stdio: ["ignore", "ignore", "inherit"] });
  },
  COPY({ text, flags }, { folder, workdir }, earlier) {
    const [source = "", target = "", ...others] = text.split(" ");
    if (others.length > 0) throw new Error(`only COPY with one source is supported: ${text}`);
    const to = target.startsWith("/") ? join(folder, target) : join(folder, workdir, target);
    const from = flags["from"];
    if (from === undefined) copyContext(source, to);
    else cpSync(join(earlier.find(({ name }) => name === from)?.folder ?? "missing", source), to, copying);
    if (flags["chmod"] !== undefined) chmodSync(to, Number.parseInt(flags["chmod"], 8));
    const [uid = 0, gid = 0] = (flags["chown"] ?? "").split(":").map(Number);
    if (flags["chown"] !== undefined && process.getuid?.() === 0) chownSync(to, uid, gid);
    const below = from === undefined ? undefined : statSync(join(earlier[0]?.folder ?? "", source));
    if (below?.isDirectory()) chmodSync(to, below.mode & 0o7777);
  },
};

const copying = { recursive: true, preserveTimestamps: true } as const;

/** Copies a file or folder of the repository as Docker sees it: without what .dockerignore leaves out. */
function copyContext(source: string, to: string): void {
  const prefix = source === "." ? "" : source;
  const files = contextFiles().filter((file) => file === prefix || prefix === "" || file.startsWith(`${prefix}/`));
  if (files.length === 0) throw new Error(`${source} is missing, or .dockerignore leaves it out`);
  for (const file of files) {
    const target = file === prefix ? to : join(to, file.slice(prefix.length));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, file), target, copying);
  }
}

/** The files that a build sends. Those that git ignores are left out as well: a fresh clone does not have them. */
export function contextFiles(): readonly string[] {
  const known = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
  const present = known
    .split("\0")
    .filter((file) => file !== "" && statSync(join(root, file), { throwIfNoEntry: false }));
  return present.filter((file) => !isIgnored(file));
}

const rules = readFileSync(join(root, ".dockerignore"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

/** The last rule that matches the path, or a folder above it, decides. */
export function isIgnored(path: string): boolean {
  const parts = path.split("/");
  const above = parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
  // Docker's star matches hidden files too
  const matches = (rule: string, path: string) => rule === "*" || matchesGlob(path, rule);
  const last = rules.findLast((rule) => above.some((folder) => matches(rule.replace(/^!/, ""), folder)));
  return last !== undefined && !last.startsWith("!");
}
