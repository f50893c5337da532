import { type AdminProblem, invalid, problem } from "@carnet/core/admin-problem";
import type { EventQuery } from "@carnet/core/audit/event-store";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type { EventFilter } from "@carnet/protocol/admin/audit";
import { ok, type Result } from "@carnet/protocol/result";
import { parseTimeOrAgo, timeOrAgoForms } from "@carnet/protocol/time-or-ago";
import { searchEvents, visibilityFor } from "../../audit/audit-reader.ts";
import { verificationOf } from "../../audit/verification-view.ts";
import type { JournalReader, VerifyProgress, VerifyResult } from "../../journal/journal-reader.ts";
import type { AdminPorts } from "./admin-ports.ts";
import { unlessBusy } from "./busy.ts";
import { badCursor, formatCursor, parseCursor } from "./cursor.ts";
import { type Operation, operation } from "./operation.ts";

const chunkSize = 64 * 1024;

/** The operations that read the audit events. */
export const auditOperations: readonly Operation[] = [
  operation({
    operationId: "searchEvents",
    tag: "Audit",
    method: "GET",
    path: "/audit/events",
    scope: adminScopes.readAudit,
    needs: "audit",
    summary: "Search the audit events",
    description:
      "The newest first. Finds changes and recent refusals of all nodes, and every event in the journal of the node that answers. A caller over named owners finds what names nothing but its own clients and owners, and its own calls.",
    query: "EventFilter",
    success: { status: 200, schema: "EventList" },
    refusals: [],
    async run({ query: filter }, { audit, node, clock, authority: { caller } }) {
      const query = queryOf(filter, clock.now());
      if (!query.ok) return query;
      const found = await unlessBusy(searchEvents(query.value, audit, visibilityFor(caller, audit)));
      if (!found.ok) return found;
      const { events, next, unread } = found.value;
      const body = {
        events: events.map(({ json }): unknown => JSON.parse(json)),
        next: next === null ? null : formatCursor([next.at, next.id]),
        sources: audit.journal === undefined ? ["store"] : ["store", "journal"],
        unread: [...unread],
        node,
      };
      return ok({ body });
    },
  }),
  operation({
    operationId: "exportJournal",
    tag: "Audit",
    method: "GET",
    path: "/audit/export",
    scope: adminScopes.readAudit,
    needs: "auditAll",
    summary: "Export the journal of the node that answers",
    description:
      "JSON Lines, the oldest file first: a line with the name of each file, and its lines as they are, with the hash of the line before. The lines between two of the range are included, whatever their time is. If the connection breaks, the export is incomplete. The service breaks it off when the caller reads nothing for a minute, or is not allowed to read any more.",
    query: "ExportRange",
    success: { status: 200, schema: "ExportedLine", streamed: true },
    refusals: ["no_journal"],
    async run({ query }, ports) {
      const range = rangeOf(query, ports.clock.now());
      if (!range.ok) return range;
      const journal = journalOf(ports);
      return journal.ok ? ok({ stream: inChunks(journal.value.export(range.value)) }) : journal;
    },
  }),
  operation({
    operationId: "verifyJournal",
    tag: "Audit",
    method: "GET",
    path: "/audit/verification",
    scope: adminScopes.readAudit,
    needs: "auditAll",
    summary: "Verify the journal of the node that answers",
    description:
      "Checks the hash of every record, and every file against its anchor in the store. JSON Lines: progress, and at the end one result. Without a result the check is incomplete.",
    success: { status: 200, schema: "Verification", streamed: true },
    refusals: ["no_journal"],
    async run(_call, ports) {
      const journal = journalOf(ports);
      return journal.ok ? ok({ stream: asLines(journal.value.verify()) }) : journal;
    },
  }),
];

function journalOf({ audit: { journal } }: Pick<AdminPorts, "audit">): Result<JournalReader, AdminProblem> {
  if (journal !== undefined) return ok(journal);
  return problem(
    "no_journal",
    "the journal of this node goes to standard output: check the lines that you keep of it with `carnet audit verify --input FILE`",
  );
}

type Range = Pick<EventQuery, "since" | "until">;

function rangeOf(
  { since, until }: { readonly since?: string; readonly until?: string },
  now: number,
): Result<Range, AdminProblem> {
  const parse = (text: string | undefined) => (text === undefined ? null : parseTimeOrAgo(text, now));
  const [from, to] = [parse(since), parse(until)];
  if (from !== undefined && to !== undefined) return ok({ since: from, until: to });
  const wrong = [...(from === undefined ? ["/since"] : []), ...(to === undefined ? ["/until"] : [])];
  return invalid(wrong.map((pointer) => ({ pointer, detail: `must be ${timeOrAgoForms}` })));
}

function queryOf(filter: EventFilter, now: number): Result<EventQuery, AdminProblem> {
  const range = rangeOf(filter, now);
  if (!range.ok) return range;
  const before = filter.cursor === undefined ? null : placeOf(filter.cursor);
  if (before === undefined) return badCursor;
  return ok({
    ...range.value,
    clientId: filter.client_id ?? null,
    actor: filter.actor ?? null,
    requestId: filter.request_id ?? null,
    kinds: [filter.event ?? []].flat(),
    limit: Number(filter.limit ?? 100),
    before,
  });
}

type Place = NonNullable<EventQuery["before"]>;

function placeOf(cursor: string): Place | undefined {
  const [at, id, ...rest] = parseCursor(cursor);
  const isPlace = typeof at === "number" && Number.isSafeInteger(at) && typeof id === "string" && rest.length === 0;
  return isPlace ? { at, id } : undefined;
}

/** Joins lines, because a write for each would be slow. */
async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < chunkSize) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

async function* asLines(steps: AsyncIterable<VerifyProgress | VerifyResult>): AsyncGenerator<string> {
  for await (const step of steps) yield `${JSON.stringify(verificationOf(step))}\n`;
}
