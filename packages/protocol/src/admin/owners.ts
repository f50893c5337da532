import { type Static, Type } from "typebox";
import { nullable, optional } from "./nullable.ts";

/** Owners and their policies in the admin API. */

const policy = {
  scope: Type.String({
    description: "The scopes that clients may have, separated by spaces. null: every scope of the catalogue.",
    examples: ["file:read file:write"],
  }),
  ip_allowlist: Type.Array(Type.String(), {
    description: "CIDR blocks. Clients must be limited to addresses within them. Empty: any address.",
    examples: [["203.0.113.0/24"]],
  }),
  max_token_ttl: Type.Integer({ description: "The longest lifetime of a token, in seconds. null: any." }),
  max_secret_age: Type.Integer({
    description: "The longest time from the making of a secret to its end, in seconds. null: any.",
  }),
  secrets_must_expire: Type.Boolean({
    description: "Whether each secret must have an end. With `max_secret_age` it has one in any case.",
  }),
  max_clients: Type.Integer({ description: "How many clients the owner may have. null: any number." }),
  audiences: Type.Array(Type.String(), {
    description: "The audiences that clients may be given besides the server's default. `*`: any.",
  }),
  workspaces: Type.Array(Type.String(), { description: "The workspaces that clients may be given. `*`: any." }),
  usernames: Type.Array(Type.String(), { description: "The usernames that clients may be given. `*`: any." }),
  enforce_from: Type.String({
    description:
      "From when on active clients that violate the policy are disabled. An RFC 3339 time, or a date, which means its start in UTC; one in the past means at once. null: they are only reported.",
    examples: ["2027-01-31T12:00:00Z"],
  }),
};

const policyInput = Type.Object(
  {
    scope: optional(policy.scope),
    ip_allowlist: optional(policy.ip_allowlist),
    max_token_ttl: optional(policy.max_token_ttl),
    max_secret_age: optional(policy.max_secret_age),
    secrets_must_expire: optional(policy.secrets_must_expire),
    max_clients: optional(policy.max_clients),
    audiences: optional(policy.audiences),
    workspaces: optional(policy.workspaces),
    usernames: optional(policy.usernames),
    enforce_from: optional(policy.enforce_from),
  },
  {
    additionalProperties: false,
    description:
      "What the clients of the owner may have. By default: every scope of the catalogue, only the server's default audience, and no workspace or username.",
  },
);

const settings = {
  description: optional(Type.String({ description: "What the team is.", examples: ["Takes and refunds payments"] })),
  contact: optional(
    Type.String({
      description: "Whom a refused caller should ask: a mail address, a channel or a page.",
      examples: ["payments@example.com"],
    }),
  ),
  policy: optional(policyInput),
};

export const NewOwner = Type.Object(
  {
    name: Type.String({
      description:
        "1 to 63 characters from A-Z, a-z, 0-9 and . _ -, with a letter or digit at both ends. Cannot be changed later.",
      examples: ["payments"],
    }),
    ...settings,
  },
  { additionalProperties: false },
);
export type NewOwner = Static<typeof NewOwner>;

/** A merge patch (RFC 7396): a missing member keeps its value, null resets it to the default. */
export const OwnerChange = Type.Object(settings, { additionalProperties: false });
export type OwnerChange = Static<typeof OwnerChange>;

const shownTime = nullable(Type.String({ format: "date-time" }));

const OwnerPolicy = Type.Object({
  scope: nullable(policy.scope),
  ip_allowlist: policy.ip_allowlist,
  max_token_ttl: nullable(policy.max_token_ttl),
  max_secret_age: nullable(policy.max_secret_age),
  secrets_must_expire: policy.secrets_must_expire,
  max_clients: nullable(policy.max_clients),
  audiences: policy.audiences,
  workspaces: policy.workspaces,
  usernames: policy.usernames,
  enforce_from: nullable(Type.String({ format: "date-time" })),
});
export type OwnerPolicy = Static<typeof OwnerPolicy>;

export const Owner = Type.Object({
  name: Type.String(),
  description: nullable(Type.String()),
  contact: nullable(Type.String()),
  policy: OwnerPolicy,
  clients: Type.Integer({ description: "How many clients it has, without admin clients." }),
  created_at: shownTime,
  updated_at: shownTime,
});
export type Owner = Static<typeof Owner>;

export const OwnerList = Type.Object({ owners: Type.Array(Owner) });
export type OwnerList = Static<typeof OwnerList>;

export const OwnerReport = Type.Object({
  ...Owner.properties,
  enforced: Type.Boolean({
    description: "Whether active clients that violate the policy are disabled now, because `enforce_from` has passed.",
  }),
  violations: Type.Object(
    {
      count: Type.Integer({ description: "How many clients violate the policy." }),
      clients: Type.Array(
        Type.Object({
          client_id: Type.String(),
          status: Type.String(),
          violations: Type.Array(
            Type.Object({
              pointer: Type.String({ description: "The field of the client, as a JSON pointer." }),
              detail: Type.String({ description: "What the policy requires." }),
            }),
          ),
        }),
        { description: "The first 100 of them." },
      ),
    },
    { description: "The clients that violate the policy, also disabled ones. In a dry run, those that would." },
  ),
});
export type OwnerReport = Static<typeof OwnerReport>;

export const OwnerChangeFilter = Type.Object(
  {
    dry_run: Type.Optional(
      Type.String({ enum: ["true", "false"], description: "true: report what would violate, and change nothing." }),
    ),
  },
  { additionalProperties: false },
);
