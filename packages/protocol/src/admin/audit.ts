import { type Static, Type } from "typebox";
import type { RecordedEvent } from "./audit-events.ts";
import { eventKinds } from "./event-kinds.ts";

/** Searching, exporting and verifying the audit events in the admin API. */

const instant = (what: string) =>
  Type.Optional(
    Type.String({
      description: `${what}: a time, a date, or a duration ago.`,
      examples: ["2027-01-31T12:00:00Z", "2027-01-31", "24h"],
    }),
  );
const since = instant("Events at or after this time");
const until = instant("Events before this time");
const kind = Type.Enum([...eventKinds]);

export const EventFilter = Type.Object(
  {
    client_id: Type.Optional(
      Type.String({ description: "Events that name this client: it acted, or it was changed.", examples: ["demo"] }),
    ),
    actor: Type.Optional(
      Type.String({
        description: "Events of this actor: a client id, `cli`, `service` or `unknown`.",
        examples: ["carnet-admin", "cli"],
      }),
    ),
    request_id: Type.Optional(Type.String({ description: "Events of the request with this `X-Request-ID`." })),
    event: Type.Optional(
      Type.Union([kind, Type.Array(kind)], { description: "The kind of the event. If repeated, any of them." }),
    ),
    since,
    until,
    limit: Type.Optional(
      Type.String({ description: "The page size, from 1 to 1000. Default: 100.", pattern: "^([1-9][0-9]{0,2}|1000)$" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next` of the previous page." })),
  },
  { additionalProperties: false },
);
export type EventFilter = Static<typeof EventFilter>;

// By reference, because the schema is long
const event = Type.Unsafe<RecordedEvent>({ $ref: "#/components/schemas/RecordedEvent" });

export const EventList = Type.Object({
  events: Type.Array(event, { description: "The newest first." }),
  next: Type.Union([Type.String(), Type.Null()], { description: "The `cursor` of the next page." }),
  sources: Type.Array(Type.Enum(["store", "journal"]), {
    description:
      "What was searched. The store has the changes and the recent refusals of all nodes; the journal has everything of the node that answers. No `journal`: it goes to standard output.",
  }),
  unread: Type.Array(Type.String(), {
    description:
      "The files of the journal that cannot be read, or not to their end, by name and without ending. Events in them may be missing.",
  }),
  node: Type.String({ description: "The node that answers." }),
});
export type EventList = Static<typeof EventList>;

export const ExportedLine = Type.Union(
  [
    event,
    Type.Object({
      journal_file: Type.String({ description: "The name of the file, without ending." }),
      unread: Type.Optional(Type.String({ description: "Why the rest of the file is not in the export." })),
    }),
  ],
  {
    description:
      "One line: a record of the journal, or the name of the file that the records after it belong to. Skip the names if you only read events.",
  },
);

export const ExportRange = Type.Object({ since, until }, { additionalProperties: false });

const Finding = Type.Object({
  file: Type.String({ description: "Its name, without ending." }),
  record: Type.Union([Type.Integer(), Type.Null()], {
    description: "The first such record of the file, from 1. null: the file as a whole.",
  }),
  detail: Type.String(),
});

export const Verification = Type.Union(
  [
    Type.Object({
      type: Type.Literal("progress"),
      records: Type.Integer({ description: "How many records were checked so far." }),
      bytes: Type.Integer(),
      total_bytes: Type.Integer(),
    }),
    Type.Object({
      type: Type.Literal("result"),
      files: Type.Integer(),
      records: Type.Integer(),
      problems: Type.Array(Finding, { description: "Empty: the journal is complete and unaltered." }),
      notes: Type.Array(Finding, {
        description:
          "Unusual, but explained by a process that was killed: part of a record, or records after the last anchor, which the store cannot confirm.",
      }),
      other_nodes: Type.Array(Type.Object({ node: Type.String(), files: Type.Integer() }), {
        description: "Nodes whose files are not in this folder, and so were not checked.",
      }),
    }),
  ],
  { description: "One line: how far the check is, or at the end its result." },
);
export type Verification = Static<typeof Verification>;
