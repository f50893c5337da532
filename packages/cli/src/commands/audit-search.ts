import { eventKinds } from "@carnet/protocol/admin/event-kinds";
import { quoted } from "@carnet/protocol/shell-word";
import type { Command } from "commander";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { noticeMissingJournal, printEvents } from "../audit/event-output.ts";
import { notice } from "../failure.ts";
import { knownNames, timeOrAgo, wholeNumber } from "../option-values.ts";

interface SearchOptions {
  readonly client?: string;
  readonly actor?: string;
  readonly requestId?: string;
  readonly kind?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

const flags = {
  client_id: "--client",
  actor: "--actor",
  request_id: "--request-id",
  event: "--kind",
  since: "--since",
  until: "--until",
  limit: "--limit",
  cursor: "--cursor",
};

/** `carnet audit search`: one page of the events that match the filters, in chronological order. */
export function addAuditSearchCommand(audit: Command): void {
  const command = audit
    .command("search")
    .description(
      "Search the events and print the newest matches in chronological order. " +
        "Finds changes and recent refusals of all nodes, and every event in the journal of the node that answers.",
    )
    .option("--client <id>", "Only events that name the client: it acted, or it was changed")
    .option("--actor <id>", "Only events of this actor: a client id, or cli, service or unknown")
    .option("--request-id <id>", "Only events of the request with this X-Request-ID")
    .addOption(knownNames("--kind <kind>", "Only events of this kind; repeatable", eventKinds))
    .option("--since <time>", "Only events at or after this time, date or duration ago, such as 24h", timeOrAgo)
    .option("--until <time>", "Only events before this time, date or duration ago", timeOrAgo)
    .option("--limit <number>", "The most events to print, up to 1000", wholeNumber(1, 1000), 100)
    .option("--cursor <cursor>", "Continue with older events, where the previous page ended")
    .option("--json", "Print JSON Lines, one event per line");
  addConnectionOptions(command).action((options: SearchOptions) =>
    withAdminApi(
      command,
      async (api) => {
        const page = await api.searchEvents({
          client_id: options.client,
          actor: options.actor,
          request_id: options.requestId,
          event: options.kind,
          since: options.since,
          until: options.until,
          limit: String(options.limit),
          cursor: options.cursor,
        });
        printEvents(page.events, options.json);
        if (page.events.length === 0)
          notice(
            page.sources.includes("journal")
              ? `No event matches. ${howToWiden(options)}`
              : "No event in the store matches.",
          );
        noticeMissingJournal(page);
        if (page.next !== null) notice(`There are older events. For the next page, add --cursor ${quoted(page.next)}`);
      },
      flags,
    ),
  );
}

function howToWiden({ client, actor, requestId, kind, since, until }: SearchOptions): string {
  if (requestId !== undefined)
    return "The id must be the whole X-Request-ID of the answer. A token request is in the journal of the node that answered it.";
  if (since !== undefined || until !== undefined) return "Give an earlier --since or a later --until.";
  if (actor !== undefined && client === undefined)
    return "With --client you also find events in which this client was changed.";
  if (client !== undefined) return "Check the id with `carnet client list`. A deleted client keeps its events.";
  if (kind !== undefined) return "Leave --kind out, or name more kinds.";
  return "Nothing was recorded yet, or it is older than CARNET_AUDIT_MAX_AGE.";
}
