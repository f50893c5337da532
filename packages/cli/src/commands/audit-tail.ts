import { setTimeout as pause } from "node:timers/promises";
import type { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { ConnectionError, SDKError } from "@carnet/sdk";
import type { Command } from "commander";
import type { AdminApi } from "../admin/admin-api.ts";
import { AdminRefusal } from "../admin/admin-refusal.ts";
import { withAdminApi } from "../admin/connection.ts";
import { addConnectionOptions } from "../admin/credentials.ts";
import { noticeMissingJournal, printEvents } from "../audit/event-output.ts";
import { notice } from "../failure.ts";
import { wholeNumber } from "../option-values.ts";
import { onParentEnd } from "../stop-on-signal.ts";

interface TailOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** In milliseconds. */
const pollInterval = 1000;

/** Refusals reach the store in batches, and clocks of nodes differ, so each poll looks back this far, in seconds. */
const lookBack = 5;

/** How many ids of printed events are remembered. A clock that is set back makes a poll find old ones again. */
const maxPrinted = 100_000;

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
  addConnectionOptions(command).action((options: TailOptions) => {
    if (options.follow) onParentEnd(() => process.exit());
    return withAdminApi(command, async (api) => {
      const before = options.follow
        ? await readRecent(api, (await api.searchEvents({ limit: "1" })).events[0]?.time)
        : [];
      const page = await api.searchEvents({ limit: String(Math.max(1, options.lines)) });
      printEvents(page.events.slice(0, options.lines), options.json);
      noticeMissingJournal(page);
      if (options.follow) await follow(api, [...before, ...page.events], options);
      else if (page.events.length === 0)
        notice("Nothing was recorded yet. Request a token, or wait for events with --follow.");
    });
  });
}

/** Prints what is not among the events that were there at first. */
async function follow(api: AdminApi, first: readonly RecordedEvent[], { json }: TailOptions): Promise<never> {
  let newest = newestTime(first);
  const printed = new Set(first.map(({ id }) => id));
  let isLost = false;
  for (;;) {
    await pause(pollInterval);
    try {
      const events = await readRecent(api, newest);
      const fresh = events.filter(({ id }) => !printed.has(id));
      printEvents(fresh, json);
      newest = newestTime(events) ?? newest;
      for (const { id } of fresh) printed.add(id);
      forgetOldest(printed);
      if (isLost) notice("The service answers again.");
      isLost = false;
    } catch (error) {
      if (!isTemporary(error)) throw error;
      if (!isLost) notice("The service does not answer. Waiting for it, until Ctrl+C.");
      isLost = true;
    }
  }
}

const isTemporary = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof SDKError && error.status === 503) ||
  (error instanceof AdminRefusal && error.problem.status === 503);

const newestTime = (events: readonly RecordedEvent[]): string | undefined =>
  events
    .map(({ time }) => time)
    .toSorted()
    .at(-1);

/** A Set keeps the order in which its values were added. */
function forgetOldest(printed: Set<string>): void {
  for (const id of printed) {
    if (printed.size <= maxPrinted) return;
    printed.delete(id);
  }
}

/**
 * The events since shortly before the newest one that was seen, the newest first. If there is no newer one, it adds
 * those of the last seconds by the clock of the service, which may have been set back.
 */
async function readRecent(api: AdminApi, newest: string | undefined): Promise<readonly RecordedEvent[]> {
  const since = newest && new Date(Date.parse(newest) - lookBack * 1000).toISOString();
  const events = since ? await readSince(api, since) : [];
  if (newest && events.some(({ time }) => time > newest)) return events;
  const known = new Set(events.map(({ id }) => id));
  const latest = await readSince(api, `${lookBack}s`);
  return [...events, ...latest.filter(({ id }) => !known.has(id))];
}

/** All events since a time or a duration ago, the newest first. */
async function readSince(api: AdminApi, since: string): Promise<readonly RecordedEvent[]> {
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
