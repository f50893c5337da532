import { readdirSync } from "node:fs";
import type { AuditEvent } from "@carnet/core/audit/event";
import { Journal } from "@carnet/server/journal/journal";
import { JournalFolder, type JournalFolderOptions } from "@carnet/server/journal/journal-folder";
import type { JournalHead } from "@carnet/server/journal/journal-sink";
import { createLog } from "@carnet/server/log/logger";
import { countingIds } from "@carnet/testkit/counting-ids";
import { FixedClock } from "@carnet/testkit/fixed-clock";
import { readChains } from "@carnet/testkit/journal-chains";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { FaultyFiles } from "./faulty-files.ts";

export interface TestJournalOptions
  extends Partial<Pick<JournalFolderOptions, "sync" | "fileSize" | "process" | "folder" | "putHead">> {
  readonly whenFull?: "refuse" | "continue";
}

export const refusal = (requestId: string, at: number): AuditEvent => ({
  event: "token_refused",
  id: `event-${requestId}`,
  requestId,
  at,
  actor: { type: "unknown" },
  path: "/oauth2/token",
  address: "127.0.0.1",
  version: "2026-01-01",
  kind: "invalidClient",
  error: "invalid_client",
  reason: "unknown_credentials",
  detail: "no client with this id\nand secret: \u00fc",
  facts: {},
  claimedClientId: null,
});

export const scopePut = (requestId: string, at: number): AuditEvent => ({
  event: "scope_put",
  id: `event-${requestId}`,
  requestId,
  at,
  actor: { type: "cli" },
  address: null,
  outcome: "done",
  role: null,
  objects: [],
  warning: null,
});

/** A journal in a folder, with a fixed clock, faulty files, and its anchors in memory. */
export async function openTestJournal(options: TestJournalOptions = {}) {
  const temporary = await temporaryFolder();
  const folder = options.folder ?? temporary.file("journal");
  const clock = new FixedClock("2026-11-26T12:00:00Z");
  const files = new FaultyFiles();
  const anchors = new Map<string, JournalHead>();
  const logged: Record<string, unknown>[] = [];
  const log = createLog("debug", { write: (line) => void logged.push(JSON.parse(line)) });
  const sink = new JournalFolder({
    ...{ folder, files, clock, log, process: "aaaa", fileSize: 1024 * 1024, sync: "second" },
    putHead: async (head) => void anchors.set(head.file, head),
    ...options,
  });
  const { whenFull = "refuse" } = options;
  const journal = new Journal({ sink, node: "node-1", whenFull, eventIds: countingIds(), clock, log });
  await journal.open();
  return {
    ...{ journal, folder, clock, files, anchors, logged },
    /** Records a refusal. */
    record: (requestId: string) => journal.record([refusal(requestId, clock.now())]),
    /** The request ids, or else the kinds, of the whole records in the folder. */
    recorded: () =>
      readChains(folder).flatMap(({ records }) => records.map((one) => one["request_id"] ?? one["event"])),
    names: () => readdirSync(folder).sort(),
    events: () => logged.map(({ event }) => event),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}
