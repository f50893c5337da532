import { type Static, Type } from "typebox";
import { nullable } from "./nullable.ts";

/** Usage of clients and refusals of unknown callers in the admin API. Counts are numbers of requests. */

const time = Type.String({ format: "date-time" });
const count = Type.Integer();

const days = (description: string) =>
  Type.Optional(Type.String({ description, pattern: "^([1-9][0-9]?|[1-3][0-9]{2}|400)$" }));

export const UsagePeriod = Type.Object({
  period: Type.String({ enum: ["hour", "day"] }),
  starts_at: time,
  issued: count,
  returned: count,
  introspected: count,
  revoked: count,
  refused: count,
});

export const ScopeUsage = Type.Object({
  scope: Type.String(),
  asked: Type.Integer({ description: "How many requests named the scope." }),
  registered: Type.Boolean({ description: "Whether the client is registered for the scope now." }),
});

export const ClientUsage = Type.Object({
  client_id: Type.String(),
  since: time,
  issued: Type.Integer({ description: "Tokens issued." }),
  returned: Type.Integer({ description: "Tokens sent back to their holder. Nothing was issued." }),
  introspected: Type.Integer({ description: "Requests to introspect a token, whatever the answer was." }),
  revoked: Type.Integer({ description: "Requests to revoke a token at `/oauth2/revoke`." }),
  refused: Type.Integer({ description: "Requests refused. A wrong secret counts for the client whose id was sent." }),
  last_issued_at: nullable(time),
  periods: Type.Array(UsagePeriod, {
    description: "By hour for the last day, by day before. Empty ones are left out.",
  }),
  refusals: Type.Array(Type.Object({ reason: Type.String(), count })),
  scopes: Type.Array(ScopeUsage),
  without_scope: Type.Integer({ description: "Requests without a `scope`, which get all scopes of the client." }),
  unknown_scopes: Type.Integer({ description: "Requests for a scope that neither the catalogue nor a client has." }),
  unused_scopes: Type.Array(Type.String(), {
    description: "Scopes that the client is registered for and did not use. Empty if it got all by naming none.",
  }),
  addresses: Type.Array(Type.Object({ address: Type.String(), count }), {
    description: "Of requests with the right secret or token. `other`: those beyond 20 addresses an hour or a day.",
  }),
});
export type ClientUsage = Static<typeof ClientUsage>;

export const UsageFilter = Type.Object(
  { days: days("How many days to look back, from 1 to 400. Default: 30.") },
  { additionalProperties: false },
);

export const UnknownCallers = Type.Object({
  since: time,
  blocks: Type.Array(
    Type.Object({
      address_block: Type.String({ description: "Such as `203.0.113.0/24`. `other`: beyond 1000 blocks an hour." }),
      count,
      first_hour: time,
      last_hour: time,
    }),
  ),
});
export type UnknownCallers = Static<typeof UnknownCallers>;

export const UnknownCallersFilter = Type.Object(
  {
    days: days("How many days to look back, from 1 to 400. Default: 1. The service keeps 7 days unless configured."),
    limit: Type.Optional(
      Type.String({
        description: "How many blocks, from 1 to 1000. Default: 100.",
        pattern: "^([1-9][0-9]{0,2}|1000)$",
      }),
    ),
  },
  { additionalProperties: false },
);
