import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuredCommit } from "./commit.ts";
import { Generator } from "./load/generator-process.ts";
import { describeMachine } from "./machine.ts";
import { type ModeName, modes } from "./modes/all.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { Progress } from "./progress.ts";
import { writePage } from "./report/write-page.ts";
import { readResults, writeResults } from "./results.ts";
import { scales } from "./scale.ts";

// `npm run bench`: measures the chosen modes, stores their results, and writes the page from all stored results.

const home = fileURLToPath(new URL("..", import.meta.url));

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

if (process.argv.includes("--help")) process.stdout.write(usage);
else await main(read(process.argv.slice(2)));

async function main(options: Options): Promise<void> {
  const output = options.output ?? home;
  const results = join(output, "results");
  if (!options.pageOnly) await measure(options, results);
  writePage(output, readResults(results, Object.keys(modes) as ModeName[]));
  process.stderr.write(`Wrote ${join(output, "README.md")}\n`);
}

async function measure(options: Options, folder: string): Promise<void> {
  const scale = scales[options.scale];
  const machine = describeMachine();
  const commit = measuredCommit();
  const estimates = options.modes.map((name) => modes[name].estimate(scale, options.contenders.length));
  const progress = new Progress(estimates.reduce((sum, seconds) => sum + seconds, 0));
  await using generator = new Generator(scale.patience);
  for (const name of options.modes) {
    const start = performance.now();
    const { contenders, workers } = options;
    const bench = { scale, contenders, workers, generator, progress, cache: join(home, ".cache") };
    const measured = await modes[name].measure(bench);
    const took = (performance.now() - start) / 1000;
    writeResults(folder, {
      mode: name,
      at: new Date().toISOString(),
      scale: options.scale,
      commit,
      machine,
      took,
      results: measured,
    });
  }
  progress.end();
}

function read(args: readonly string[]): Options {
  try {
    return readOptions(args);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
