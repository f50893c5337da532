import type { UnknownCallers } from "@carnet/protocol/admin/usage";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { duration, wholeNumber } from "../option-values.ts";
import { formatTable } from "../table.ts";

interface UnknownCallersOptions {
  readonly days: number;
  readonly limit: number;
  readonly json?: boolean;
}

/** `carnet audit unknown-callers`: where refused requests of unknown clients came from. */
export function addUnknownCallersCommand(audit: Command): void {
  const command = audit
    .command("unknown-callers")
    .description("List the address blocks from which unknown clients were refused, the most refusals first.")
    .option("--days <duration>", "How many whole days to look back, up to 400d", duration(1, 400, "d"), 1)
    .option("--limit <number>", "The most blocks to list, up to 1000", wholeNumber(1, 1000), 100)
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((options: UnknownCallersOptions) =>
    withAdminApi(
      command,
      async (api) => {
        const callers = await api.listUnknownCallers(options);
        process.stdout.write(options.json ? `${JSON.stringify(callers, null, 2)}\n` : formatCallers(callers));
      },
      { days: "--days", limit: "--limit" },
    ),
  );
}

function formatCallers({ since, blocks }: UnknownCallers): string {
  if (blocks.length === 0) return `No request of an unknown client was refused since ${since}.\n`;
  return formatTable(
    ["ADDRESS BLOCK", "REFUSED", "FIRST HOUR", "LAST HOUR"],
    blocks.map((block) => [block.address_block, String(block.count), block.first_hour, block.last_hour]),
  );
}
