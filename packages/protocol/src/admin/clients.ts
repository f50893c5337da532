import { type Static, Type } from "typebox";
import { maxImportBatch } from "./max-import-batch.ts";
import { nullable, optional } from "./nullable.ts";

/** Clients and their secrets in the admin API, with the names of RFC 7591 §2 where it has them. */

const time = (description: string) =>
  Type.String({
    description: `${description} An RFC 3339 time, or a date, which means its start in UTC.`,
    examples: ["2027-01-31T12:00:00Z"],
  });

const settings = {
  client_name: optional(Type.String({ description: "A display name.", examples: ["Nightly export"] })),
  owner: optional(
    Type.String({ description: "The owner that the client belongs to. Default: `default`. Not for admin clients." }),
  ),
  role: optional(
    Type.String({
      description: "Makes it an admin client, with the scopes and the audience of the admin API.",
      enum: ["admin", "operator", "auditor"],
    }),
  ),
  role_owners: optional(
    Type.Array(Type.String(), { description: "The owners that the role is bound to. null: all owners." }),
  ),
  username: optional(
    Type.String({ description: "The user that the client acts as. Changing it revokes all secrets and tokens." }),
  ),
  scope: optional(
    Type.String({
      description: "The scopes that the client may request, separated by spaces.",
      examples: ["file:read file:write"],
    }),
  ),
  scope_policy: optional(
    Type.String({ description: "What happens to requests for others.", enum: ["narrow", "strict", "ignore"] }),
  ),
  status: optional(Type.String({ enum: ["active", "disabled"] })),
  expires_at: optional(time("When it expires.")),
  ip_allowlist: optional(
    Type.Array(Type.String(), {
      description: "The addresses that the client may call from, as IPv4 and IPv6 CIDR blocks. Empty: any address.",
      examples: [["203.0.113.0/24"]],
    }),
  ),
  token_endpoint_auth_method: optional(
    Type.String({
      description: "The only method that the client may use. null: any method.",
      enum: ["client_secret_basic", "client_secret_post"],
    }),
  ),
  access_token_ttl: optional(
    Type.Integer({ description: "The lifetime of its tokens, in seconds. null: the server's default." }),
  ),
  audience: optional(Type.String({ description: "The `aud` of its tokens. null: the server's default." })),
  labels: optional(
    Type.Record(Type.String(), nullable(Type.String()), {
      description: "Your own names and values, to find clients by. In a change, null removes a label.",
    }),
  ),
  claims: optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        "Static claims of its tokens, nested as you like, up to 1024 bytes. Not secret. In a change, null removes a member, on every level.",
      examples: [{ tier: "gold", groups: ["billing"] }],
    }),
  ),
};

export const NewSecret = Type.Object(
  {
    label: optional(Type.String({ description: "A display name." })),
    not_before: optional(time("When it becomes valid.")),
    expires_at: optional(time("When it expires.")),
    value: Type.Optional(
      Type.String({
        description: "An existing secret to import. By default, one is generated.",
        format: "password",
      }),
    ),
  },
  { additionalProperties: false },
);
export type NewSecret = Static<typeof NewSecret>;

export const NewClient = Type.Object(
  {
    client_id: optional(Type.String({ description: "An existing id to keep. By default, one is generated." })),
    workspace: optional(
      Type.String({
        description:
          "The Workiva workspace that the client belongs to, named in the claim `arid`. Cannot be changed later.",
      }),
    ),
    ...settings,
    secret: Type.Optional(NewSecret),
  },
  { additionalProperties: false },
);
export type NewClient = Static<typeof NewClient>;

/** A merge patch (RFC 7396): a missing member keeps its value, null resets it to the default. */
export const ClientChange = Type.Object(settings, { additionalProperties: false });
export type ClientChange = Static<typeof ClientChange>;

const shownTime = nullable(Type.String({ format: "date-time" }));

export const Secret = Type.Object({
  secret_id: Type.String(),
  label: nullable(Type.String()),
  prefix: nullable(Type.String({ description: "The start of a generated secret, to tell it from others." })),
  kind: Type.String({ enum: ["generated", "imported", "human"] }),
  state: Type.String({ enum: ["active", "pending", "expired", "idle", "revoked", "unsupported"] }),
  created_at: shownTime,
  not_before: shownTime,
  expires_at: shownTime,
  must_be_used_by: nullable(
    Type.String({
      format: "date-time",
      description:
        "The secret ends then unless it gets a token before, because the pepper is being replaced. null: it has moved to the new pepper.",
    }),
  ),
  ends_when_idle_for: nullable(Type.Integer({ description: "Ends after so many seconds without a use." })),
  revoked_at: shownTime,
  last_used_at: shownTime,
  last_used_from: nullable(Type.String()),
});
export type Secret = Static<typeof Secret>;

export const Warning = Type.Object({
  what: Type.String({ enum: ["client", "secret"] }),
  secret_id: nullable(Type.String()),
  ends_at: shownTime,
  within_days: Type.Integer({ description: "90, 60, 30, 14, 7 or 1; 0 for a client that has expired." }),
});

export const Client = Type.Object({
  client_id: Type.String(),
  client_name: nullable(Type.String()),
  owner: nullable(Type.String({ description: "null: an admin client, which belongs to no owner." })),
  role: nullable(Type.String({ enum: ["admin", "operator", "auditor"] })),
  role_owners: nullable(Type.Array(Type.String())),
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
  claims: Type.Record(Type.String(), Type.Unknown()),
  created_at: shownTime,
  updated_at: shownTime,
  secrets: Type.Array(Secret),
  warnings: Type.Array(Warning, { description: "Ends that are near, of the client and its secrets." }),
});
export type Client = Static<typeof Client>;

const shownOnce = Type.Optional(
  Type.String({
    description:
      "Shown only in this answer, and in its repetitions by `Idempotency-Key` for ten minutes. Absent for an imported secret.",
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
    end_old_at: optional(time("When the old secrets end. If neither end is given: a day from now.")),
    end_old_when_idle_for: optional(
      Type.Integer({ description: "Each old secret ends after so many seconds without a use." }),
    ),
  },
  { additionalProperties: false },
);
export type Rotation = Static<typeof Rotation>;

export const RevokedSecretFilter = Type.Object(
  {
    with_tokens: Type.Optional(
      Type.String({
        enum: ["true", "false"],
        description:
          "true: revoke the tokens that the client got with this secret, too. Default: true for an admin client, false for others.",
      }),
    ),
  },
  { additionalProperties: false },
);

export const ClientList = Type.Object({
  clients: Type.Array(Client),
  next: nullable(Type.String({ description: "The `cursor` of the next page." })),
});
export type ClientList = Static<typeof ClientList>;

export const ClientFilter = Type.Object(
  {
    owner: Type.Optional(Type.String({ description: "Clients of this owner." })),
    role: Type.Optional(
      Type.String({ description: "Admin clients with this role.", enum: ["any", "admin", "operator", "auditor"] }),
    ),
    q: Type.Optional(
      Type.String({
        description: "Text in the id, name or username. Ignores the case of A to Z, but not of other letters.",
      }),
    ),
    status: Type.Optional(Type.String({ enum: ["active", "disabled"] })),
    scope: Type.Optional(Type.String({ description: "Clients registered for this scope." })),
    label: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description: "`name=value`. If repeated, clients must have all of them.",
      }),
    ),
    ending_within_days: Type.Optional(
      Type.String({
        description: "Clients that expire, or have a secret that expires, within so many days.",
        pattern: "^[0-9]{1,4}$",
      }),
    ),
    unused_for_days: Type.Optional(
      Type.String({
        description: "Clients that are older than so many days and got no token in that time.",
        pattern: "^[1-9][0-9]{0,3}$",
      }),
    ),
    sort: Type.Optional(
      Type.String({
        description:
          "`client_id` (default), `client_name`, `created_at`, `updated_at` or `expires_at`. A leading minus sorts in descending order.",
        enum: ["client_id", "client_name", "created_at", "updated_at", "expires_at"].flatMap((key) => [key, `-${key}`]),
      }),
    ),
    limit: Type.Optional(
      Type.String({ description: "The page size, from 1 to 1000. Default: 100.", pattern: "^([1-9][0-9]{0,2}|1000)$" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next` of the previous page." })),
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
      Type.String({ enum: ["true", "false"], description: "true: check everything and import nothing." }),
    ),
  },
  { additionalProperties: false },
);

export const ClientImportOutcome = Type.Object({
  imported: Type.Integer({ description: "How many clients were imported, or would be in a dry run." }),
  unchanged: Type.Integer({ description: "How many were registered before, with the same settings and secret." }),
  without_scopes: Type.Integer({ description: "How many of the imported clients have no scopes." }),
  failed: Type.Array(
    Type.Object({
      position: Type.Integer({ description: "The position in the request, from 0." }),
      client_id: nullable(Type.String()),
      problem: Type.String(),
      errors: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
    }),
  ),
});
export type ClientImportOutcome = Static<typeof ClientImportOutcome>;
