import type { Client } from "@carnet/protocol/admin/clients";
import type { Command } from "commander";
import { stringify } from "yaml";
import { addConnectionOptions, withAdminApi } from "../admin/connection.ts";
import { refuseWithFlags } from "../admin/refusals.ts";
import { appliedLabel, ownerLabel } from "../apply/plan.ts";

/** `carnet export`: the clients of an owner as the file that `carnet apply` takes. Holds no secret. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("Print the clients of an owner as the file that `carnet apply` takes, without their secrets.")
    .requiredOption("--owner <name>", "Whose clients; with --all, whose they shall be")
    .option("--all", "All clients, whoever owns them");
  addConnectionOptions(command).action((options: { owner: string; all?: boolean }) =>
    withAdminApi(command, async (api) => {
      const clients: object[] = [];
      const query = options.all ? {} : { label: `${ownerLabel}=${options.owner}` };
      await refuseWithFlags({}, async () => {
        for await (const client of api.allClients(query)) clients.push(desired(client));
      });
      process.stdout.write(stringify({ owner: options.owner, clients }));
    }),
  );
}

/** What of a client is not as if it had never been set. */
function desired(client: Client): object {
  const {
    client_id,
    secrets: _,
    warnings: __,
    created_at: ___,
    updated_at: ____,
    labels,
    scope_policy,
    status,
    ip_allowlist,
    scope,
    ...rest
  } = client;
  const own = Object.entries(labels).filter(([name]) => name !== ownerLabel && name !== appliedLabel);
  const set = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    client_id,
    ...Object.fromEntries(set),
    ...(scope === "" ? {} : { scope }),
    ...(scope_policy === "narrow" ? {} : { scope_policy }),
    ...(status === "active" ? {} : { status }),
    ...(ip_allowlist.length === 0 ? {} : { ip_allowlist }),
    ...(own.length === 0 ? {} : { labels: Object.fromEntries(own) }),
  };
}
