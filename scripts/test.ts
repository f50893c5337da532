// `npm test`: runs all tests, or the files that are named. With --slow: those that it leaves out because they take minutes.
// Node's start and the loading of modules would be a third of the work. So the `carnet` command that tests start is a
// bundle, and most test files share a process.
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { bundleCarnet } from "./pack/bundle.ts";
import { publishedManifest } from "./pack/manifest.ts";

/** Test files that share processes, at most this many each. The others have a process of their own. */
const sharing = [
  ...[
    "packages/cli/",
    "packages/server/",
    "test/admin/",
    "packages/sdk/",
    "packages/guard/",
    "packages/core/",
    "packages/protocol/",
  ],
  ...["packages/testkit/", "test/interop/"],
];
const filesPerProcess = 12;

/** Test files that measure or change their process, so they cannot share it. */
const alone = [
  "packages/cli/test/stop-on-signal.test.ts",
  "packages/core/test/audit/event-memory.test.ts",
  "packages/server/test/http/{caller-address,connection-limits,received-body}.test.ts",
  "packages/server/test/memory/packed-clients.test.ts",
];

/** What `npm test` leaves to `npm run test:slow`. */
const slow = [
  ...["test/nodes/*.test.ts", "test/operate/*.test.ts", "test/deploy/dockerfile.test.ts", "test/fresh-clone.test.ts"],
  ...["test/workers/{faults,metrics}.test.ts", "test/service/revocation-bound.test.ts", "test/admin/scale.test.ts"],
  "packages/server/test/store/postgres/{faults,lookup-flood,waiting-writers}.test.ts",
  ...["packages/server/test/pepper/*.test.ts", "test/keys/*.test.ts", "test/refusals/same-time.test.ts"],
  ...["test/errors-page.test.ts", "test/faults/master-key-kill.test.ts", "test/scale/*.test.ts"],
  ...[
    "test/{guides,guides-in-order,docs-page,sdk-examples}.test.ts",
    "test/*-guide.test.ts",
    "test/workers/reload.test.ts",
  ],
];

const root = join(import.meta.dirname, "..");
const cache = join(root, "node_modules/.cache");
const [first, ...others] = process.argv.slice(2);
const named = first === "--slow" ? globSync(slow, { cwd: root }) : first === undefined ? [] : [first, ...others];

run({
  files: named.length > 0 ? named : allTests(),
  concurrency: first === "--slow" ? 2 : 3,
  timeout: 300_000,
  env: {
    ...process.env,
    NODE_COMPILE_CACHE: join(cache, "carnet-test"),
    CARNET_TEST_BIN: await bundledCommand(),
  },
})
  .on("test:fail", () => (process.exitCode = 1))
  .compose(spec)
  .pipe(process.stdout);

/** Bundles the command, and returns the file to start. */
async function bundledCommand(): Promise<string> {
  const folder = join(cache, "carnet-test-bundle");
  await bundleCarnet(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify(publishedManifest("packages/cli")));
  return join(folder, "bin/carnet.js");
}

/** One file for each group of test files that share a process, and then the files that do not. */
function allTests(): string[] {
  const found = globSync(["packages/*/test/**/*.test.ts", "test/**/*.test.ts"], { cwd: root })
    .filter((file) => !slow.some((pattern) => matchesGlob(file, pattern)))
    .sort();
  const folderOf = (file: string) =>
    alone.some((pattern) => matchesGlob(file, pattern)) ? undefined : sharing.find((folder) => file.startsWith(folder));
  const { own = [], ...shared } = Object.groupBy(found, (file) => folderOf(file) ?? "own");
  const folder = join(cache, "carnet-test-groups");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const groups = Object.values(shared).flatMap((files = []) => {
    const count = Math.ceil(files.length / filesPerProcess);
    return Array.from({ length: count }, (_, group) => files.filter((_, at) => at % count === group));
  });
  return [...groups.map((files, number) => writeGroup(join(folder, `${number}.mjs`), files)), ...own];
}

/** Writes a file that runs test files as suites, so that the hooks of each apply to its own tests only. */
function writeGroup(path: string, files: readonly string[]): string {
  const suites = files.map((file) => `suite("${file}", () => import("${pathToFileURL(join(root, file))}"));\n`);
  writeFileSync(path, `import { suite } from "node:test";\n${suites.join("")}`);
  return path;
}
