import { setImmediate as endOfTurn } from "node:timers/promises";
import { entityTagOf } from "@carnet/core/admin/change-client";
import { ownsAll } from "@carnet/core/admin/permission";
import { isoTime } from "@carnet/core/audit/client-changes";
import { changeOwner, createOwner, deleteOwner, findOwner } from "@carnet/core/owner/change-owner";
import { isEnforced } from "@carnet/core/owner/enforce-policies";
import type { Owner } from "@carnet/core/owner/owner";
import { policyFields } from "@carnet/core/owner/owner-fields";
import { reportViolations } from "@carnet/core/owner/owner-violations";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type * as wire from "@carnet/protocol/admin/owners";
import { ok } from "@carnet/protocol/result";
import { TaskQueue } from "../../task-queue.ts";
import type { ReadPorts } from "./admin-ports.ts";
import { unlessBusy } from "./busy.ts";
import { type Answer, type Call, type Operation, operation } from "./operation.ts";

const { readClients, writeClients } = adminScopes;

/** A report reads all clients of an owner, so this process makes one at a time. Callers take turns. */
const reports = new TaskQueue("reports of violations");

/** The operations on owners and their policies. */
export const ownerOperations: readonly Operation[] = [
  operation({
    operationId: "listOwners",
    tag: "Owners",
    method: "GET",
    path: "/owners",
    scope: readClients,
    needs: "read",
    summary: "List the owners",
    description: "A caller that is bound to named owners gets those.",
    success: { status: 200, schema: "OwnerList" },
    refusals: [],
    async run(_call, ports) {
      const owners = (await ports.owners.list()).filter(({ name }) => ownsAll(ports.authority.caller, [name]));
      return ok({ body: { owners: await ownerViews(owners, ports) } satisfies wire.OwnerList });
    },
  }),
  operation({
    operationId: "createOwner",
    tag: "Owners",
    method: "POST",
    path: "/owners",
    event: "owner_created",
    scope: writeClients,
    needs: "platform",
    summary: "Create an owner",
    body: "NewOwner",
    success: { status: 201, schema: "Owner", tagged: true, located: true },
    refusals: ["taken"],
    async run({ body }, ports) {
      const created = await createOwner(body, ports);
      if (!created.ok) return created;
      const Location = `${adminPath}/owners/${created.value.name}`;
      return ok({ headers: { ETag: entityTagOf(created.value), Location }, body: ownerView(created.value, 0) });
    },
  }),
  operation({
    operationId: "showOwner",
    tag: "Owners",
    method: "GET",
    path: "/owners/:owner",
    scope: readClients,
    needs: "read",
    summary: "Show an owner, and which of its clients violate its policy",
    success: { status: 200, schema: "OwnerReport", tagged: true },
    refusals: ["not_found"],
    async run({ parameter }, ports) {
      const found = await findOwner(parameter("owner"), ports);
      if (!found.ok) return found;
      return unlessBusy(reports.run(() => reported(found.value, ports), ports.authority.caller.clientId));
    },
  }),
  operation({
    operationId: "changeOwner",
    tag: "Owners",
    method: "PATCH",
    path: "/owners/:owner",
    event: "owner_changed",
    scope: writeClients,
    needs: "platform",
    summary: "Change an owner or its policy",
    description:
      "A merge patch (RFC 7396), which merges `policy` as well. Clients that violate the new policy stay as they are until `enforce_from`. The answer reports them.",
    query: "OwnerChangeFilter",
    body: "OwnerChange",
    conditional: true,
    success: { status: 200, schema: "OwnerReport", tagged: true },
    refusals: ["not_found", "changed"],
    async run(call, ports) {
      const dryRun = call.query.dry_run === "true";
      // At once: while it waited, the caller could lose its role, and a team's reports could hold up a change of its policy
      const changed = await changeOwner({ ...targetOf(call), dryRun }, call.body, ports);
      if (!changed.ok) return changed;
      const report = await reports.run(() => reported(changed.value, ports), null);
      return ok({ ...report, ...(dryRun && { unchanged: "dry_run" as const }) });
    },
  }),
  operation({
    operationId: "deleteOwner",
    tag: "Owners",
    method: "DELETE",
    path: "/owners/:owner",
    event: "owner_deleted",
    scope: writeClients,
    needs: "platform",
    summary: "Delete an owner that has no clients and that no admin is bound to",
    conditional: true,
    success: { status: 204 },
    refusals: ["not_found", "changed", "in_use"],
    async run(call, ports) {
      const deleted = await deleteOwner(targetOf(call), ports);
      return deleted.ok ? ok({}) : deleted;
    },
  }),
];

const targetOf = ({ parameter, ifMatch }: Pick<Call<unknown, unknown>, "parameter" | "ifMatch">) => ({
  name: parameter("owner"),
  ifMatch,
});

async function reported(owner: Owner, ports: ReadPorts): Promise<Answer> {
  const { accessTokenTtl, clock, store } = ports;
  const now = clock.now();
  const report = await reportViolations(owner, { accessTokenTtl, now }, { store, endOfTurn });
  const violations: wire.OwnerReport["violations"] = {
    count: report.count,
    clients: report.clients.map(({ client, violations }) => ({
      client_id: client.clientId,
      status: client.status,
      violations: [...violations],
    })),
  };
  const views = await ownerViews([owner], ports);
  return { headers: { ETag: entityTagOf(owner) }, body: { ...views[0], enforced: isEnforced(owner, now), violations } };
}

async function ownerViews(owners: readonly Owner[], ports: Pick<ReadPorts, "owners">): Promise<wire.Owner[]> {
  const counts = await ports.owners.countClients(owners.map(({ name }) => name));
  return owners.map((owner) => ownerView(owner, counts.get(owner.name) ?? 0));
}

const ownerView = (owner: Owner, clients: number): wire.Owner => ({
  name: owner.name,
  description: owner.description,
  contact: owner.contact,
  policy: policyFields(owner.policy),
  clients,
  created_at: isoTime(owner.createdAt),
  updated_at: isoTime(owner.updatedAt),
});
