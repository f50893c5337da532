// Makes `dist/carnet-linux-x64`, the `carnet` command with Node in one file: `npm run executable`. The system and processor
// are those of this machine. It holds the files of the packed `carnet`, in a virtual file system that Node mounts at the start.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./pack/run.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const folder = join(dist, "carnet");
run("npm", ["run", "--silent", "pack"], root);

const output = join(dist, `carnet-${process.platform}-${process.arch}`);
const main = join(dist, "executable-main.js"); // The main file must be at the root of the virtual file system.
writeFileSync(main, 'import "./bin/carnet.js";\n');
const files = globSync(["package.json", "bin/*.js", "dist/**/*.js"], { cwd: folder });
const configuration = join(dist, "executable.json");
writeFileSync(
  configuration,
  JSON.stringify({
    main,
    mainFormat: "module",
    output,
    disableExperimentalSEAWarning: true,
    useVfs: true,
    assets: Object.fromEntries(files.map((file) => [file, join(folder, file)])),
  }),
);
run(process.execPath, ["--build-sea", configuration], root);

// To be published with the executable: the licences of what it contains.
const licences = [
  join(root, "LICENSE"),
  join(folder, "THIRD-PARTY-LICENSES"),
  join(dirname(process.execPath), "../LICENSE"),
];
writeFileSync(
  `${output}-licences.txt`,
  licences.map((file) => readFileSync(file, "utf8")).join(`\n${"=".repeat(80)}\n\n`),
);
