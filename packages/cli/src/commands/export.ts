import type { Client } from "@carnet/protocol/admin/clients";
import { formatDuration } from "@carnet/protocol/duration";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { checkOwner } from "../admin/unknown-owner.ts";
import { appliedLabel } from "../apply/plan.ts";

/** `carnet export`: an owner's clients as a file for `carnet apply`, without secrets. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("Print an owner's clients as a file for `carnet apply`, without secrets.")
    .requiredOption("--owner <name>", "The owner; `carnet owner list` shows them");
  addConnectionOptions(command).action(async ({ owner }: { owner: string }) => {
    const { stringify } = await import("yaml"); // Slow to load.
    await withAdminApi(command, async (api) => {
      const clients: object[] = [];
      // A file cannot have admin clients
      for await (const client of api.allClients({ owner })) if (client.role === null) clients.push(desired(client));
      if (clients.length === 0) {
        await checkOwner(api, owner);
        process.stderr.write(`${owner} has no clients.\n`);
      }
      process.stdout.write(stringify({ owner, clients }, { lineWidth: 0 }));
    });
  });
}

/** The settings of a client that differ from the defaults. */
function desired(client: Client): object {
  const {
    client_id,
    access_token_ttl: ttl,
    scope_policy,
    status,
    ip_allowlist,
    scope,
    labels,
    claims,
    ...rest
  } = client;
  const {
    owner: _,
    role: __,
    role_owners: ___,
    secrets: ____,
    warnings: _____,
    created_at,
    updated_at,
    ...others
  } = rest;
  const own = Object.entries(labels).filter(([name]) => name !== appliedLabel);
  return {
    client_id,
    ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== null)),
    ...(ttl === null ? {} : { access_token_ttl: formatDuration(ttl) }),
    ...(scope === "" ? {} : { scope }),
    ...(scope_policy === "narrow" ? {} : { scope_policy }),
    ...(status === "active" ? {} : { status }),
    ...(ip_allowlist.length === 0 ? {} : { ip_allowlist }),
    ...(own.length === 0 ? {} : { labels: Object.fromEntries(own) }),
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
  };
}
