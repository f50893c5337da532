import { setTimeout as pause } from "node:timers/promises";
import type { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { ConnectionError } from "@carnet/sdk";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { noticeMissingJournal, printEvents } from "../audit/event-output.ts";
import { notice } from "../failure.ts";
import { wholeNumber } from "../option-values.ts";

interface TailOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** In milliseconds. */
const pollInterval = 1000;

/** Refusals reach the store in batches, and clocks of nodes differ, so each poll looks back this far, in milliseconds. */
const lookBack = 5000;

/** A poll reads at most this many pages of 1000 events. */
const maxPages = 10;

/** `carnet audit tail`: the newest events, and with `--follow` those to come. */
export function addAuditTailCommand(audit: Command): void {
  const command = audit
    .command("tail")
    .description("Print the newest events in chronological order.")
    .option("-n, --lines <number>", "How many events", wholeNumber(0, 1000), 20)
    .option("-f, --follow", "Keep printing new events until Ctrl+C")
    .option("--json", "Print JSON Lines, one event per line");
  addConnectionOptions(command).action((options: TailOptions) =>
    withAdminApi(command, async (api) => {
      const page = await api.searchEvents({ limit: String(Math.max(1, options.lines)) });
      printEvents(page.events.slice(0, options.lines), options.json);
      noticeMissingJournal(page);
      if (options.follow) await follow(api, page.events, options);
      else if (page.events.length === 0)
        notice("Nothing was recorded yet. Request a token, or wait for events with --follow.");
    }),
  );
}

async function follow(api: AdminApi, first: readonly RecordedEvent[], { json }: TailOptions): Promise<never> {
  let newest = first[0]?.time;
  let printed = new Set(first.map(({ id }) => id));
  let isLost = false;
  for (;;) {
    await pause(pollInterval);
    try {
      const events = await readSince(api, newest);
      const fresh = events.filter(({ id }) => !printed.has(id));
      printEvents(fresh, json);
      newest = [newest ?? "", ...fresh.map(({ time }) => time)].toSorted().at(-1) || undefined;
      printed = new Set(events.map(({ id }) => id));
      isLost = false;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (!isLost) notice("The service does not answer. Waiting for it, until Ctrl+C.");
      isLost = true;
    }
  }
}

/** All events since shortly before a time, the newest first. */
async function readSince(api: AdminApi, newest: string | undefined): Promise<readonly RecordedEvent[]> {
  const since = newest === undefined ? undefined : new Date(Date.parse(newest) - lookBack).toISOString();
  const events: RecordedEvent[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await api.searchEvents({ since, limit: "1000", cursor });
    events.push(...page.events);
    if (page.next === null) return events;
    cursor = page.next;
  }
  notice("There are too many new events to show them all. Use `carnet audit export` to get every event.");
  return events;
}
