import type { ClientUsage } from "@carnet/protocol/admin/usage";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { duration } from "../option-values.ts";
import { formatFacts, formatTable } from "../table.ts";
import { wrapped } from "../wrap.ts";

/** `carnet client usage`: tokens, refusals, scopes and addresses of one client. */
export function addClientUsageCommand(client: Command): void {
  const command = client
    .command("usage")
    .description("Show how a client is used: tokens, refusals, scopes and addresses.")
    .argument("<client-id>")
    .option("--days <duration>", "How many whole days to look back, up to 400d", duration(1, 400, "d"), 30)
    .option("--json", "Print JSON");
  addConnectionOptions(command).action((id: string, options: { readonly days: number; readonly json?: boolean }) =>
    withAdminApi(
      command,
      async (api) => {
        const usage = await api.showClientUsage(id, options.days);
        process.stdout.write(options.json ? `${JSON.stringify(usage, null, 2)}\n` : formatUsage(usage));
      },
      { days: "--days" },
    ),
  );
}

function formatUsage(usage: ClientUsage): string {
  const totals = formatFacts({
    client_id: usage.client_id,
    since: usage.since,
    issued: String(usage.issued),
    returned: String(usage.returned),
    introspected: String(usage.introspected),
    revoked: String(usage.revoked),
    refused: String(usage.refused),
    last_issued_at: usage.last_issued_at ?? "not in this time",
  });
  const tables = [
    table(["FROM", "PERIOD", "ISSUED", "RETURNED", "INTROSPECTED", "REFUSED"], usage.periods, (one) =>
      [one.starts_at, one.period, one.issued, one.returned, one.introspected, one.refused].map(String),
    ),
    table(["REFUSED BECAUSE", "REQUESTS"], usage.refusals, ({ reason, count }) => [reason, String(count)]),
    table(["SCOPE", "ASKED", "NOTE"], usage.scopes, (one) => [one.scope, String(one.asked), scopeNote(one, usage)]),
    table(["ADDRESS", "REQUESTS"], usage.addresses, ({ address, count }) => [address, String(count)]),
  ];
  return [totals, ...tables.filter((text) => text !== ""), ...scopeNotices(usage)].join("\n");
}

const table = <Row>(head: readonly string[], rows: readonly Row[], cells: (row: Row) => readonly string[]): string =>
  rows.length === 0 ? "" : formatTable(head, rows.map(cells));

function scopeNote({ scope, registered }: ClientUsage["scopes"][number], { unused_scopes }: ClientUsage): string {
  if (!registered) return "asked, but not registered";
  return unused_scopes.includes(scope) ? "never asked: candidate to remove" : "-";
}

const requests = (count: number): string => (count === 1 ? "1 request" : `${count} requests`);

function scopeNotices({ without_scope, unknown_scopes }: ClientUsage): readonly string[] {
  const notices = [
    without_scope > 0 && `${requests(without_scope)} named no scope and got all of them, so every scope may be in use.`,
    unknown_scopes > 0 && `${requests(unknown_scopes)} named a scope that neither the catalogue nor a client has.`,
  ];
  return notices.filter((text) => text !== false).map((text) => wrapped(`${text}\n`));
}
