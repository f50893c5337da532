import type { ClientId } from "@carnet/protocol/ids";
import type { Redacted } from "@carnet/protocol/redacted";

export type Counts = ReadonlyMap<string, number>;

/** What a client did in one hour or one day. */
export interface Usage {
  readonly issued: number;
  readonly returned: number;
  /** Requests to introspect a token, whatever the answer. */
  readonly introspected: number;
  /** Requests to revoke a token, including one that was not valid. */
  readonly revoked: number;
  /** Refusals by reason. A wrong secret counts for the client whose id was sent. */
  readonly refused: Counts;
  /** Requests by the names in their `scope`. Only names that the catalogue or a client has. */
  readonly scopes: Counts;
  /** Requests without a `scope`, which get all scopes of the client. */
  readonly withoutScope: number;
  /** Names that neither the catalogue nor a client has, and those that do not fit into `scopes`. */
  readonly unknownScopes: number;
  /** Requests by address, of requests with the right secret or token. `other`: those that do not fit. */
  readonly addresses: Counts;
  /** When a token was last issued, in milliseconds since the epoch. */
  readonly lastIssuedAt: number | null;
}

export interface UsagePeriod extends Usage {
  readonly period: "hour" | "day";
  /** Milliseconds since the epoch. */
  readonly startsAt: number;
}

/** Counts of a client and an hour that the store does not have yet. Scopes are as the client sent them. */
export interface UnsavedUsage extends Omit<Usage, "scopes"> {
  readonly clientId: ClientId;
  readonly startsAt: number;
  readonly asked: Redacted<Counts>;
}

/** Stores usage by client and hour, and later by client and day. */
export interface UsageStore {
  /** Adds to the stored counts, all or nothing. Several processes may add to the same hour. */
  add(usage: readonly UnsavedUsage[]): Promise<void>;
  /** The periods of a client that start at or after an instant, oldest first. */
  read(clientId: string, since: number): Promise<readonly UsagePeriod[]>;
}

/** How many names a period can have. */
export const maxNames = { scopes: 200, addresses: 20 } as const;

export const hour = 3_600_000;
export const day = 86_400_000;
export const startOf = (length: number, at: number): number => at - (at % length);

/** Adds up usage. Names that do not fit are counted together. */
export function addUsage(one: Usage, more: Usage, most: { scopes: number; addresses: number } = maxNames): Usage {
  const scopes = addCounts(one.scopes, more.scopes, most.scopes);
  const addresses = addCounts(one.addresses, more.addresses, most.addresses);
  if (addresses.rest > 0) addresses.counts.set("other", (addresses.counts.get("other") ?? 0) + addresses.rest);
  return {
    issued: one.issued + more.issued,
    returned: one.returned + more.returned,
    introspected: one.introspected + more.introspected,
    revoked: one.revoked + more.revoked,
    refused: addCounts(one.refused, more.refused).counts,
    scopes: scopes.counts,
    withoutScope: one.withoutScope + more.withoutScope,
    unknownScopes: one.unknownScopes + more.unknownScopes + scopes.rest,
    addresses: addresses.counts,
    lastIssuedAt: latest(one.lastIssuedAt, more.lastIssuedAt),
  };
}

export const noUsage: Usage = {
  issued: 0,
  returned: 0,
  introspected: 0,
  revoked: 0,
  refused: new Map(),
  scopes: new Map(),
  withoutScope: 0,
  unknownScopes: 0,
  addresses: new Map(),
  lastIssuedAt: null,
};

export const totalOf = (counts: Counts): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Adds counts by name. `rest` counts what would need more than `most` names. */
function addCounts(one: Counts, more: Counts, most = Number.POSITIVE_INFINITY) {
  const counts = new Map(one);
  let rest = 0;
  for (const [name, count] of more) {
    const known = counts.get(name);
    if (known === undefined && name !== "other" && counts.size >= most) rest += count;
    else counts.set(name, (known ?? 0) + count);
  }
  return { counts, rest };
}

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
