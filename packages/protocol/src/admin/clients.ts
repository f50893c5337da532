import { type Static, Type } from "typebox";
import { maxImportBatch } from "./max-import-batch.ts";

/** Clients and their secrets as the admin API reads and shows them. Names are those of RFC 7591 §2 where it has them. */

const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(nullable(schema));
const time = (description: string) =>
  Type.String({
    description: `${description} An RFC 3339 time, or a date for its beginning in UTC.`,
    examples: ["2027-01-31T12:00:00Z"],
  });

const settings = {
  client_name: optional(Type.String({ description: "A name for people.", examples: ["Nightly export"] })),
  username: optional(
    Type.String({ description: "The user that the client acts as. Another one ends all secrets at once." }),
  ),
  scope: optional(
    Type.String({
      description: "The scopes that it may get, separated by spaces.",
      examples: ["file:read file:write"],
    }),
  ),
  scope_policy: optional(
    Type.String({ description: "What happens when it asks for others.", enum: ["narrow", "strict", "ignore"] }),
  ),
  status: optional(Type.String({ enum: ["active", "disabled"] })),
  expires_at: optional(time("When it ends.")),
  ip_allowlist: optional(
    Type.Array(Type.String(), {
      description: "Where it may call from: CIDR blocks, IPv4 and IPv6. Empty: anywhere.",
      examples: [["203.0.113.0/24"]],
    }),
  ),
  token_endpoint_auth_method: optional(
    Type.String({
      description: "The one way in which it may authenticate. null: any.",
      enum: ["client_secret_basic", "client_secret_post"],
    }),
  ),
  access_token_ttl: optional(
    Type.Integer({ description: "How long its tokens are good for, in seconds. null: as the server is set." }),
  ),
  audience: optional(Type.String({ description: "The `aud` of its tokens. null: as the server is set." })),
  labels: optional(
    Type.Record(Type.String(), nullable(Type.String()), {
      description: "Names and values of your own, to find clients by. A change with null takes one off.",
    }),
  ),
};

/** A secret to be. */
export const NewSecret = Type.Object(
  {
    label: optional(Type.String({ description: "A name for people." })),
    not_before: optional(time("From when it is valid.")),
    expires_at: optional(time("When it ends.")),
    value: Type.Optional(
      Type.String({
        description: "An existing secret to bring along. Without it one is generated.",
        format: "password",
      }),
    ),
  },
  { additionalProperties: false },
);
export type NewSecret = Static<typeof NewSecret>;

export const NewClient = Type.Object(
  {
    client_id: optional(Type.String({ description: "An existing id to bring along. Without it one is made." })),
    workspace: optional(Type.String({ description: "Never changes afterwards. Gives the claim `arid`." })),
    ...settings,
    secret: Type.Optional(NewSecret),
  },
  { additionalProperties: false },
);
export type NewClient = Static<typeof NewClient>;

/** A merge patch (RFC 7396): left out, as it is; null, as if it had never been set. */
export const ClientChange = Type.Object(settings, { additionalProperties: false });
export type ClientChange = Static<typeof ClientChange>;

const shownTime = nullable(Type.String({ format: "date-time" }));

export const Secret = Type.Object({
  secret_id: Type.String(),
  label: nullable(Type.String()),
  prefix: Type.String({ description: "What may be seen of it, to tell it from others." }),
  kind: Type.String({ enum: ["generated", "imported", "human"] }),
  state: Type.String({ enum: ["active", "pending", "expired", "idle", "revoked", "unsupported"] }),
  created_at: shownTime,
  not_before: shownTime,
  expires_at: shownTime,
  ends_when_idle_for: nullable(Type.Integer({ description: "Seconds without a use after which it ends." })),
  revoked_at: shownTime,
  last_used_at: shownTime,
  last_used_from: nullable(Type.String()),
});
export type Secret = Static<typeof Secret>;

export const Warning = Type.Object({
  what: Type.String({ enum: ["client", "secret"] }),
  secret_id: nullable(Type.String()),
  ends_at: shownTime,
  within_days: Type.Integer({ description: "90, 60, 30, 14, 7 or 1; 0 for a client that has ended." }),
});

export const Client = Type.Object({
  client_id: Type.String(),
  client_name: nullable(Type.String()),
  username: nullable(Type.String()),
  workspace: nullable(Type.String()),
  scope: Type.String(),
  scope_policy: Type.String(),
  status: Type.String(),
  expires_at: shownTime,
  ip_allowlist: Type.Array(Type.String()),
  token_endpoint_auth_method: nullable(Type.String()),
  access_token_ttl: nullable(Type.Integer()),
  audience: nullable(Type.String()),
  labels: Type.Record(Type.String(), Type.String()),
  created_at: shownTime,
  updated_at: shownTime,
  secrets: Type.Array(Secret),
  warnings: Type.Array(Warning, { description: "What of it ends soon." }),
});
export type Client = Static<typeof Client>;

const shownOnce = Type.Optional(
  Type.String({
    description: "Shown this once and kept nowhere. Absent for one that was brought along.",
    format: "password",
  }),
);

export const CreatedClient = Type.Object({ ...Client.properties, client_secret: shownOnce });
export type CreatedClient = Static<typeof CreatedClient>;

export const AddedSecret = Type.Object({ ...Secret.properties, client_secret: shownOnce });
export type AddedSecret = Static<typeof AddedSecret>;

export const SecretList = Type.Object({ secrets: Type.Array(Secret) });

export const Rotation = Type.Object(
  {
    secret: Type.Optional(NewSecret),
    end_old_at: optional(time("When the old secrets end. A day from now where neither is given.")),
    end_old_when_idle_for: optional(
      Type.Integer({ description: "Seconds without a use after which each old secret ends." }),
    ),
  },
  { additionalProperties: false },
);
export type Rotation = Static<typeof Rotation>;

export const ClientList = Type.Object({
  clients: Type.Array(Client),
  next: nullable(Type.String({ description: "The `cursor` of the next page." })),
});
export type ClientList = Static<typeof ClientList>;

export const ClientFilter = Type.Object(
  {
    q: Type.Optional(
      Type.String({
        description:
          "In the id, name or username, whatever the case of the letters from A to Z; other letters are found in their own case.",
      }),
    ),
    status: Type.Optional(Type.String({ enum: ["active", "disabled"] })),
    scope: Type.Optional(Type.String({ description: "Registered for this scope." })),
    label: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description: "`name=value`; more than once: all of them.",
      }),
    ),
    ending_within_days: Type.Optional(
      Type.String({
        description: "Clients that end, or have a secret that ends, within so many days.",
        pattern: "^[0-9]{1,4}$",
      }),
    ),
    sort: Type.Optional(
      Type.String({
        description:
          "`client_id` (default), `client_name`, `created_at`, `updated_at` or `expires_at`; downwards with a minus before it.",
        enum: ["client_id", "client_name", "created_at", "updated_at", "expires_at"].flatMap((key) => [key, `-${key}`]),
      }),
    ),
    limit: Type.Optional(
      Type.String({ description: "From 1 to 1000; 100 where it is left out.", pattern: "^([1-9][0-9]{0,2}|1000)$" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next` of the page before." })),
  },
  { additionalProperties: false },
);
export type ClientFilter = Static<typeof ClientFilter>;

export const ClientImport = Type.Object(
  { clients: Type.Array(NewClient, { minItems: 1, maxItems: maxImportBatch }) },
  { additionalProperties: false },
);
export type ClientImport = Static<typeof ClientImport>;

export const ImportFilter = Type.Object(
  {
    dry_run: Type.Optional(
      Type.String({ enum: ["true", "false"], description: "true: only say what would come of it." }),
    ),
  },
  { additionalProperties: false },
);

export const ClientImportOutcome = Type.Object({
  imported: Type.Integer({ description: "How many were, or in a dry run would be, imported." }),
  failed: Type.Array(
    Type.Object({
      position: Type.Integer({ description: "In the request, from 0." }),
      client_id: nullable(Type.String()),
      problem: Type.String(),
      errors: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
    }),
  ),
});
export type ClientImportOutcome = Static<typeof ClientImportOutcome>;
