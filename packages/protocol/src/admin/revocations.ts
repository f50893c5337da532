import { type Static, Type } from "typebox";
import { nullable } from "./nullable.ts";

/** Revocations of tokens in the admin API. */

const time = (description: string) => Type.String({ format: "date-time", description });

const kind = Type.String({
  enum: ["token", "client", "secret", "cut_off", "key"],
  description:
    "Which tokens: one, all of a client, all of a secret, all that were issued before `issued_before`, or all that a signing key signed.",
});

const clientId = nullable(Type.String({ description: "The client whose tokens they are. null: any client." }));

const issuedBefore = nullable(
  time(
    "Of a `cut_off`: tokens that were issued before this time are revoked. Up to two seconds later than you asked for, because tokens have whole seconds and clocks differ.",
  ),
);

const endsAt = time("Until when it is kept: by then, every token that it matches has expired.");

/** What to revoke. The members that can be combined: `client_id` with one other, except for `token`. */
export const NewRevocation = Type.Object(
  {
    token: Type.Optional(
      Type.String({ description: "An access token. Alone.", format: "password", maxLength: 16_384 }),
    ),
    client_id: Type.Optional(Type.String({ description: "Alone: all tokens of the client." })),
    secret_id: Type.Optional(
      Type.String({ description: "With `client_id`: the tokens that the client got with this secret." }),
    ),
    issued_before: Type.Optional(
      Type.String({
        description:
          "A time, a date or a duration ago, not in the future. With `client_id`: tokens of the client. Alone: tokens of all clients.",
        examples: ["2027-01-31T12:00:00Z", "10m"],
      }),
    ),
  },
  { additionalProperties: false },
);
export type NewRevocation = Static<typeof NewRevocation>;

/** What a call has revoked. */
export const RevocationResult = Type.Object({
  revoked: Type.Boolean({ description: "false: nothing had to be revoked, and all members but `reason` are null." }),
  reason: nullable(
    Type.String({
      enum: ["not_valid", "already_revoked"],
      description:
        "Why nothing had to be revoked. `not_valid`: the token is expired, altered or of another service. `already_revoked`: all of these tokens were revoked before.",
    }),
  ),
  kind: nullable(kind),
  client_id: clientId,
  secret_id: nullable(Type.String({ description: "Of a `secret`: its id." })),
  issued_before: issuedBefore,
  revoked_at: nullable(time("When it was revoked.")),
  ends_at: nullable(endsAt),
  nodes_refuse_from: nullable(time("From when every process of this service refuses the tokens.")),
  guards_refuse_from: nullable(
    time("From when every API with `@carnet/guard` refuses them. Behind a CDN, add the time for which it caches."),
  ),
});
export type RevocationResult = Static<typeof RevocationResult>;

export const Revocation = Type.Object({
  kind,
  client_id: clientId,
  issued_before: issuedBefore,
  revoked_at: time("When it was revoked."),
  ends_at: endsAt,
});
export type Revocation = Static<typeof Revocation>;

export const RevocationList = Type.Object({
  revocations: Type.Array(Revocation),
  next: nullable(Type.String({ description: "The `cursor` of the next page." })),
});
export type RevocationList = Static<typeof RevocationList>;

export const RevocationFilter = Type.Object(
  {
    client_id: Type.Optional(Type.String({ description: "Revocations of the tokens of this client." })),
    limit: Type.Optional(
      Type.String({ description: "The page size, from 1 to 1000. Default: 100.", pattern: "^([1-9][0-9]{0,2}|1000)$" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next` of the previous page." })),
  },
  { additionalProperties: false },
);
export type RevocationFilter = Static<typeof RevocationFilter>;
