import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import type { ApplyOptions } from "../apply/apply-file.ts";

/** `carnet apply`: makes an owner's clients match a file. */
export function addApplyCommand(program: Command): void {
  const command = program
    .command("apply")
    .description(
      "Make an owner's clients match a YAML file. Clients of other owners are never changed, nor are those that no file had before. Clients that leave the file are disabled.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only print the plan")
    .option("--yes", "Do not ask for confirmation before changing or disabling clients")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(async (options: ApplyOptions) => {
    const { applyFile } = await import("../apply/apply-file.ts"); // The YAML parser is slow to load.
    await withAdminApi(command, (api) => applyFile(api, options));
  });
}
