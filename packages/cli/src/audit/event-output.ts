import type { EventList } from "@carnet/protocol/admin/audit";
import type { RecordedEvent } from "@carnet/protocol/admin/audit-events";
import { notice } from "../failure.ts";
import { printable } from "../table.ts";
import { columnsOf, wrapLine } from "../wrap.ts";
import { describeEvent } from "./describe-event.ts";

/** Prints events in chronological order: a line for people, or JSON Lines. */
export function printEvents(newestFirst: readonly RecordedEvent[], json: boolean | undefined): void {
  const columns = columnsOf(process.stdout);
  const lineOf = (event: RecordedEvent): string =>
    json ? JSON.stringify(event) : wrapLine(printable(describeEvent(event)), columns, "    ");
  process.stdout.write(
    newestFirst
      .toReversed()
      .map((event) => `${lineOf(event)}\n`)
      .join(""),
  );
}

/** Says what was not searched, because an empty answer would otherwise look like proof. */
export function noticeMissingJournal({ sources, unread, node }: EventList): void {
  if (unread.length > 0)
    notice(`Events may be missing, because files of the journal cannot be read: ${unread.join(", ")}. ${howToCheck}`);
  if (sources.includes("journal")) return;
  notice(
    `The journal of ${node} goes to standard output, so only the store was searched: changes and recent refusals. Search for issued tokens where you keep those lines.`,
  );
}

const howToCheck = "Run `carnet audit verify` to see why.";
