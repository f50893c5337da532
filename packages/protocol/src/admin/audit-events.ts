import { type Static, type TProperties, Type } from "typebox";
import { changeKinds } from "./event-kinds.ts";
import { nullable } from "./nullable.ts";
import { roles } from "./roles.ts";

/** The events as JSON, as in the journal, the store, the admin API and the webhooks. One schema for each shape. */

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ description, format: "date-time" });
const textOrNull = (description: string) => nullable(text(description));

const Actor = Type.Union(
  [
    Type.Object({
      type: Type.Literal("client", { description: "Who it was." }),
      client_id: text("The client. Only of `client`, like the next two."),
      secret_id: textOrNull("Its secret. null: only the client was proved."),
      jti: textOrNull("The id of the token that was issued, returned or sent."),
    }),
    Type.Object({ type: Type.Enum(["cli", "service", "unknown"]) }),
  ],
  {
    description:
      "Who acted, as far as a secret or a token proved it. `cli`: a command on the store itself. `service`: Carnet by itself. `unknown`: nobody proved who they are.",
  },
);

const outcomes = ["success", "refused", "unchanged", "replayed", "dry_run", "failure"] as const;

/** What every event has. */
const facts = {
  time: time("When it happened, in UTC."),
  id: text("Unique among all nodes: the process that recorded it, and a counter."),
  outcome: Type.Enum(outcomes, {
    description:
      "How it ended. `unchanged`: the call had nothing to change. `replayed`: an earlier answer was sent again. `dry_run`: nothing was changed. `failure`: events were lost.",
  }),
  node: text("The node that recorded it: `CARNET_NODE`, or the host name."),
  request_id: textOrNull("The `X-Request-ID` of the request. null: not part of a request."),
  actor: Actor,
  address: textOrNull("Where the request came from. null: not part of a request."),
  prev: Type.Optional(
    text("SHA-256 of the line before, in hex. Only in the journal. In the first line of a file: of the file's name."),
  ),
};

const shape = <Kind extends string, Fields extends TProperties>(
  kinds: readonly Kind[],
  description: string,
  fields: Fields,
) => Type.Object({ event: Type.Enum([...kinds]), ...facts, ...fields }, { description });

/** What every event of the token endpoint has. */
const ofTokenRequest = {
  path: text("The path of the endpoint."),
  version: textOrNull("The `X-Version`. null: the request named no valid version, or its path has none."),
};

const FieldValue = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
  Type.Array(Type.Unknown()),
  Type.Record(Type.String(), Type.Unknown()),
]);

const ChangedObject = Type.Object({
  type: Type.Enum(["client", "secret", "scope", "owner", "key", "pepper", "master_key", "token", "service"], {
    description: "What it is.",
  }),
  client_id: Type.Optional(text("The client, or the client of the secret or token.")),
  owner: Type.Optional(
    text(
      "The owner of the client, after the change if it still exists, or the owner itself. Not of an admin client, and not in events that are older than owners.",
    ),
  ),
  id: Type.Optional(
    text(
      "The secret id, the name of the scope or owner, the id of the key, pepper or master key, the `jti` of the token, or the issuer for the whole service. Not of a client.",
    ),
  ),
  action: Type.Enum(["created", "changed", "deleted"], { description: "What happened to it." }),
  changes: Type.Record(Type.String(), Type.Object({ before: FieldValue, after: FieldValue }), {
    description:
      "The changed fields, by their names in the admin API, each with its value `before` and `after`. Of tokens: `tokens` when all tokens of a client or a secret were revoked, `tokens_issued_before` when those from before a time were, `revoked` of a single one. Never contains a secret.",
  }),
});
export type ChangedObject = Static<typeof ChangedObject>;

const Role = nullable(
  Type.Object(
    {
      name: Type.Enum([...roles], { description: "The role." }),
      owners: nullable(
        Type.Array(Type.String(), {
          description:
            "The owners that it is bound to. null: all. A caller over named owners sees its own owners only.",
        }),
      ),
    },
    {
      description: "The role of the admin client that called. null: it had none, or the event is older than roles.",
    },
  ),
);

const ofChange = {
  role: Type.Optional(Role),
  objects: Type.Array(ChangedObject, { description: "Every object that was touched, with its changed fields." }),
  warning: textOrNull("What is probably a mistake."),
};

const singleChanges = changeKinds.filter((kind) => kind !== "clients_imported");

/** Every shape of an event. */
export const eventShapes = [
  shape(["token_issued"], "A token was issued.", {
    ...ofTokenRequest,
    key_id: text("The key that signed the token."),
    scope: text("The scopes of the token."),
    expires_at: time("When the token expires."),
  }),
  shape(
    ["token_returned"],
    "An empty request with a valid token got the same token again. Nothing was issued or extended.",
    { ...ofTokenRequest, expires_at: time("When the token expires.") },
  ),
  shape(["token_refused"], "A request to get, introspect or revoke a token was refused.", {
    ...ofTokenRequest,
    error: text("The `error` of the answer."),
    reason: text("The true reason, in one word, which the caller is not told."),
    detail: text("The true reason, in a sentence."),
    facts: Type.Record(Type.String(), Type.String(), { description: "What `carnet explain` needs, by name." }),
    client_id: Type.Optional(
      text("The client whose id was sent without proof, if it exists. Only in the store's copy."),
    ),
  }),
  shape(singleChanges, "An administrative operation. One event, however many objects it touched.", ofChange),
  shape(["clients_imported"], "Existing clients were imported. One event for all clients of the request.", {
    ...ofChange,
    refused: Type.Optional(
      Type.Array(
        Type.Object({
          reason: text("The kind of the problem, such as `policy`."),
          rule: textOrNull("The rule that refused, which the caller is not told. null: another check."),
          count: Type.Integer({ description: "How many clients." }),
          positions: Type.Array(Type.Integer(), {
            description:
              "Their places in the request, from 0. An event lists the first hundred. It does not name the clients, because they do not exist and people paste secrets into any field.",
          }),
        }),
        { description: "The clients that were refused, by what refused them." },
      ),
    ),
  }),
  shape(["admin_refused"], "A call of the admin API was refused.", {
    operation: text("The `operationId` in the OpenAPI document."),
    role: Type.Optional(Role),
    reason: text("The kind of the problem, such as `insufficient_scope`."),
    rule: Type.Optional(
      textOrNull("The rule that refused, which the caller is not told, such as `foreign_owner`. null: another check."),
    ),
    detail: text("The reason, in a sentence."),
    target: textOrNull("What the call was about. null: it does not exist, or the caller was not allowed to ask."),
    target_owner: Type.Optional(
      textOrNull("The owner of the client in `target`, or the owner in it. null: of scopes."),
    ),
  }),
  shape(["service_started"], "A process of the service started.", {
    version: text("The version of Carnet."),
    issuer: text("The `iss` of its tokens."),
  }),
  shape(["service_stopped"], "A process of the service stopped.", {
    cut_off: Type.Boolean({ description: "Whether requests were cut off because they took too long." }),
  }),
  shape(
    ["credentials_file_written"],
    "The admin file was written. Whoever can read it can act as that client until its secret is replaced.",
    { client_id: text("The client whose secret is in the file."), file: text("The path of the file.") },
  ),
  shape(["credential_expiring"], "A client or a secret ends soon. Once for each warning time.", {
    client_id: text("The client, or the client of the secret."),
    secret_id: textOrNull("null: the client itself."),
    ends_at: time("When it ends."),
    within_days: Type.Integer({ description: "90, 60, 30, 14, 7 or 1." }),
  }),
  shape(["refusals_burst"], "Many token requests were refused in a short time.", {
    client_id: textOrNull("null: unknown clients."),
    address_block: textOrNull("Where requests of unknown clients came from."),
    count: Type.Integer({ description: "How many were refused." }),
    within_seconds: Type.Integer({ description: "In how many seconds." }),
    reason: text("The most frequent reason."),
  }),
  shape(["events_lost"], "Events could not be written to the journal, such as on a full disk.", {
    count: Type.Integer({ description: "How many were lost." }),
    since: time("When the loss began."),
  }),
] as const;

export const RecordedEvent = Type.Union([...eventShapes], {
  description: "What happened: who did what, from where, to which objects, and how it ended.",
  examples: [
    {
      time: "2026-11-26T17:00:01.250Z",
      id: "3f9a0c1b2d4e-00000017",
      event: "client_changed",
      outcome: "success",
      node: "node-1",
      request_id: "8a1f6c1e-5d0b-4f0e-9a57-2f6f0c2b9d11",
      actor: { type: "client", client_id: "ops-admin", secret_id: "4h7k2m9p1r5t8w3x", jti: "q7c2mX0aT3qkqkzW" },
      address: "198.51.100.7",
      role: { name: "admin", owners: ["payments"] },
      objects: [
        {
          type: "client",
          client_id: "demo",
          owner: "payments",
          action: "changed",
          changes: { scope: { before: "file:read", after: "file:read file:write" } },
        },
      ],
      warning: null,
    },
  ],
});
export type RecordedEvent = Static<typeof RecordedEvent>;
