import { findClient } from "@carnet/core/admin/change-client";
import type { AdminProblem } from "@carnet/core/admin-problem";
import { isoTime } from "@carnet/core/audit/client-changes";
import {
  addUsage,
  type Counts,
  day,
  hour,
  noUsage,
  startOf,
  totalOf,
  type Usage,
  type UsagePeriod,
} from "@carnet/core/audit/usage";
import { adminScopes, introspectionScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/usage";
import { ok, type Result } from "@carnet/protocol/result";
import type { ReadPorts } from "./admin-ports.ts";
import { saveCounts } from "./busy.ts";
import { type Answer, type Operation, operation } from "./operation.ts";

const { readAudit } = adminScopes;

/** The operations on usage and on the refusals of unknown callers. */
export const usageOperations: readonly Operation[] = [
  operation({
    operationId: "showClientUsage",
    tag: "Audit",
    method: "GET",
    path: "/clients/:client_id/usage",
    scope: readAudit,
    needs: "audit",
    summary: "Show the usage of a client",
    description:
      "Counts tokens, refusals, scopes and addresses. Includes what this process counted until now, and other processes until ten seconds ago.",
    query: "UsageFilter",
    success: { status: 200, schema: "ClientUsage" },
    refusals: ["not_found"],
    run: ({ parameter, query }, ports) =>
      showUsage({ clientId: parameter("client_id"), days: Number(query.days ?? "30") }, ports),
  }),
  operation({
    operationId: "listUnknownCallers",
    tag: "Audit",
    method: "GET",
    path: "/audit/unknown-callers",
    scope: readAudit,
    needs: "auditAll",
    summary: "List where refused requests of unknown clients came from",
    description: "By address block (IPv4 /24, IPv6 /48), the block with the most refusals first.",
    query: "UnknownCallersFilter",
    success: { status: 200, schema: "UnknownCallers" },
    refusals: [],
    async run({ query }, ports) {
      await saveCounts(ports);
      const since = startOf(hour, ports.clock.now() - Number(query.days ?? "1") * day);
      const blocks = await ports.refusals.unknownCallers(since, Number(query.limit ?? "100"));
      const body: wire.UnknownCallers = {
        since: isoTime(since),
        blocks: blocks.map(({ addressBlock, count, firstHour, lastHour }) => ({
          ...{ address_block: addressBlock, count },
          ...{ first_hour: isoTime(firstHour), last_hour: isoTime(lastHour) },
        })),
      };
      return ok({ body });
    },
  }),
];

async function showUsage(
  { clientId, days }: { readonly clientId: string; readonly days: number },
  ports: ReadPorts,
): Promise<Result<Answer, AdminProblem>> {
  const found = await findClient(clientId, ports);
  if (!found.ok) return found;
  await saveCounts(ports);
  const now = ports.clock.now();
  const since = startOf(days === 1 ? hour : day, now - days * day);
  const stored = await ports.usage.read(clientId, since);
  const { refused, scopes, addresses, lastIssuedAt, ...sum } = sumOf(stored);
  const registered = found.value.scopes;
  const names = new Set([...registered, ...scopes.keys()]);
  const body: wire.ClientUsage = {
    client_id: clientId,
    since: isoTime(since),
    issued: sum.issued,
    returned: sum.returned,
    introspected: sum.introspected,
    revoked: sum.revoked,
    refused: totalOf(refused),
    last_issued_at: isoTime(lastIssuedAt),
    periods: periodsOf(stored, now),
    refusals: mostFirst(refused).map(([reason, count]) => ({ reason, count })),
    scopes: [...names].map((scope) => ({
      scope,
      asked: scopes.get(scope) ?? 0,
      registered: registered.includes(scope),
    })),
    without_scope: sum.withoutScope,
    unknown_scopes: sum.unknownScopes,
    unused_scopes: sum.withoutScope > 0 ? [] : registered.filter((scope) => !isUsed(scope, sum, scopes)),
    addresses: mostFirst(addresses).map(([address, count]) => ({ address, count })),
  };
  return ok({ body });
}

/** Introspecting uses a scope that no token has to name. */
const isUsed = (scope: string, { introspected }: Pick<Usage, "introspected">, asked: Counts): boolean =>
  asked.has(scope) || (introspected > 0 && Object.values<string>(introspectionScopes).includes(scope));

/** By hour for the last day, by day before, oldest first. */
function periodsOf(stored: readonly UsagePeriod[], now: number): wire.ClientUsage["periods"] {
  const lastDay = startOf(hour, now) - day;
  const inHours = (period: UsagePeriod): boolean => period.period === "hour" && period.startsAt > lastDay;
  const days = Map.groupBy(
    stored.filter((period) => !inHours(period)),
    ({ startsAt }) => startOf(day, startsAt),
  );
  return [
    ...[...days].map(([startsAt, parts]) => ({ ...sumOf(parts), startsAt, period: "day" })),
    ...stored.filter(inHours),
  ].map(({ period, startsAt, issued, returned, introspected, revoked, refused }) => ({
    ...{ period, starts_at: isoTime(startsAt), issued, returned, introspected, revoked },
    refused: totalOf(refused),
  }));
}

const sumOf = (periods: readonly UsagePeriod[]): Usage =>
  periods.reduce<Usage>((sum, period) => addUsage(sum, period, { scopes: 1000, addresses: 1000 }), noUsage);

const mostFirst = (counts: Counts): readonly (readonly [string, number])[] =>
  [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
