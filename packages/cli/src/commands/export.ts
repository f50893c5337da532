import type { Client } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { appliedLabel, ownerLabel } from "../apply/plan.ts";

/** `carnet export`: an owner's clients as a file for `carnet apply`, without secrets. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("Print an owner's clients as a file for `carnet apply`, without secrets.")
    .requiredOption("--owner <name>", "The owner; with --all, the owner that the file names")
    .option("--all", "Export the clients of all owners");
  addConnectionOptions(command).action(async ({ owner, all }: { owner: string; all?: boolean }) => {
    const { stringify } = await import("yaml"); // Slow to load.
    await withAdminApi(command, async (api) => {
      const clients: object[] = [];
      const query = all ? {} : { label: `${ownerLabel}=${owner}` };
      for await (const client of api.allClients(query)) clients.push(desired(client));
      if (clients.length === 0)
        process.stderr.write(`No client belongs to ${owner}. Use --all to export the clients of all owners.\n`);
      process.stdout.write(stringify({ owner, clients }, { lineWidth: 0 }));
    });
  });
}

/** The settings of a client that differ from the defaults. */
function desired(client: Client): object {
  const { client_id, access_token_ttl: ttl, scope_policy, status, ip_allowlist, scope, labels, ...rest } = client;
  const { secrets: _, warnings: __, created_at: ___, updated_at: ____, ...others } = rest;
  const own = Object.entries(labels).filter(([name]) => name !== ownerLabel && name !== appliedLabel);
  return {
    client_id,
    ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null)),
    ...(ttl === null ? {} : { access_token_ttl: formatDuration(ttl) }),
    ...(scope === "" ? {} : { scope }),
    ...(scope_policy === "narrow" ? {} : { scope_policy }),
    ...(status === "active" ? {} : { status }),
    ...(ip_allowlist.length === 0 ? {} : { ip_allowlist }),
    ...(own.length === 0 ? {} : { labels: Object.fromEntries(own) }),
  };
}
