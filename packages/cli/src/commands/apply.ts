import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import type { ApplyOptions } from "../apply/apply-file.ts";

/** `carnet apply`: makes the clients of an owner what a file says they are. */
export function addApplyCommand(program: Command): void {
  const command = program
    .command("apply")
    .description(
      "Make the clients of an owner what a YAML file says. Clients of others are never touched; what the file leaves out is disabled.",
    )
    .requiredOption("-f, --file <path>", "The file, or - for standard input")
    .option("--dry-run", "Only print the plan")
    .option("--yes", "Do not ask before a client is changed or disabled")
    .option("--json", "Print JSON");
  addConnectionOptions(command).action(async (options: ApplyOptions) => {
    const { applyFile } = await import("../apply/apply-file.ts"); // YAML takes its time to load
    await withAdminApi(command, (api) => applyFile(api, options));
  });
}
