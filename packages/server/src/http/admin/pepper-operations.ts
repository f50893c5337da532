import { isoTime } from "@carnet/core/audit/client-changes";
import { peppersAt, rotationAt } from "@carnet/core/pepper/pepper";
import { rotatePepper } from "@carnet/core/pepper/rotate-pepper";
import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/peppers";
import { parseSecretId } from "@carnet/protocol/ids";
import { ok } from "@carnet/protocol/result";
import type { AdminPorts } from "./admin-ports.ts";
import { badCursor, pageAnswer } from "./cursor.ts";
import { type Operation, operation } from "./operation.ts";

const { readClients, writeClients } = adminScopes;

/** The operations on the pepper. */
export const pepperOperations: readonly Operation[] = [
  operation({
    operationId: "showPeppers",
    tag: "Peppers",
    method: "GET",
    path: "/peppers",
    scope: readClients,
    needs: "platform",
    summary: "Show the peppers, and how far a rotation is",
    success: { status: 200, schema: "PepperStatus" },
    refusals: [],
    run: async (_call, ports) => ok({ body: await statusView(ports) }),
  }),
  operation({
    operationId: "rotatePepper",
    tag: "Peppers",
    method: "POST",
    path: "/peppers",
    event: "pepper_rotated",
    scope: writeClients,
    needs: "platform",
    summary: "Replace the pepper",
    description:
      "After a minute, new secrets get digests under the new pepper, and each older secret moves to it when it is used. Secrets that were not used by the deadline end.",
    body: "PepperRotation",
    success: { status: 201, schema: "PepperStatus" },
    refusals: ["rotation_in_progress"],
    async run({ body }, ports) {
      const rotated = await rotatePepper({ deadlineIn: body.deadline_in }, ports);
      return rotated.ok ? ok({ body: await statusView(ports) }) : rotated;
    },
  }),
  operation({
    operationId: "listUnmovedSecrets",
    tag: "Peppers",
    method: "GET",
    path: "/peppers/unmoved",
    scope: readClients,
    needs: "platform",
    summary: "List the secrets that end with the old pepper unless they are used before",
    description:
      'Only secrets that are not revoked and have not expired. To get the next page, follow `Link: rel="next"` or pass `next` as `cursor`.',
    query: "UnmovedFilter",
    success: { status: 200, schema: "UnmovedSecrets" },
    refusals: [],
    async run({ query }, { peppers, clock }) {
      const { cursor } = query;
      if (cursor !== undefined && !parseSecretId(cursor).ok) return badCursor;
      const limit = Number(query.limit ?? "100");
      const found = await peppers.unmoved({ now: clock.now(), after: cursor ?? null, limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.secretId ?? null) : null;
      const secrets = page.map(({ secretId, clientId, label, lastUsedAt }) => ({
        ...{ secret_id: secretId, client_id: clientId, label, last_used_at: isoTime(lastUsedAt) },
      }));
      const body: wire.UnmovedSecrets = { secrets, next };
      return ok(pageAnswer("/peppers/unmoved", query, body));
    },
  }),
];

async function statusView({ peppers, clock }: Pick<AdminPorts, "peppers" | "clock">): Promise<wire.PepperStatus> {
  const now = clock.now();
  const records = await peppers.list();
  const rotation = rotationAt(records, now);
  const progress = rotation && (await peppers.progress(now));
  return {
    peppers: peppersAt(records, now).map(({ pepper, state }) => ({
      ...{
        pepper_id: pepper.pepperId,
        state,
        created_at: isoTime(pepper.createdAt),
        used_from: isoTime(pepper.usedFrom),
      },
      ...{ ends_at: isoTime(pepper.endsAt), deleted: pepper.isDeleted },
    })),
    rotation:
      rotation === undefined || progress === undefined
        ? null
        : { deadline: isoTime(rotation.endsAt), moved: progress.moved, to_move: progress.toMove },
  };
}
