import type { Command } from "commander";
import { addServiceOptions, configurationOf } from "../service-options.ts";

interface MigrateOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `carnet migrate`: brings the store's schema up to date, before the new version starts. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate")
    .description(
      "Bring the store to the schema of this version. `carnet serve` does the same when it starts. " +
        "Use this where the service's database user may not change tables. " +
        "The previous version keeps working on the new schema.",
    )
    .option("--check", "Change nothing. Exit code 1 if there is something to do")
    .option("--json", "Print JSON");
  addServiceOptions(command, ["dataDir", "store", "storePasswordFile", "storeTimeout"]).action(() => migrate(command));
}

async function migrate(command: Command): Promise<void> {
  const { check = false, json } = command.opts<MigrateOptions>();
  const configuration = await configurationOf(command, "dev");
  const { migrateStore } = await import("@carnet/server/store/migrate-store"); // Slow to load.
  const migration = await migrateStore(configuration, { check });
  const { database, applied, pending } = migration;
  if (json) process.stdout.write(`${JSON.stringify(migration, null, 2)}\n`);
  else if (pending.length > 0)
    process.stdout.write(`${database} needs these steps, which \`carnet migrate\` applies:\n${listed(pending)}`);
  else if (applied.length > 0) process.stdout.write(`${database} is up to date now. Applied:\n${listed(applied)}`);
  else process.stdout.write(`${database} is up to date.\n`);
  if (pending.length > 0) process.exitCode = 1;
}

const listed = (steps: readonly string[]): string => steps.map((step) => `  ${step}\n`).join("");
