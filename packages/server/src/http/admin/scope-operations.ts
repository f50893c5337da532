import { adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { ok } from "@carnet/protocol/result";
import { type Operation, operation } from "./operation.ts";

/** The operations on the scope catalogue. */
export const scopeOperations: readonly Operation[] = [
  operation({
    operationId: "listScopes",
    tag: "Scopes",
    method: "GET",
    path: "/scopes",
    scope: adminScopes.readClients,
    needs: "read",
    summary: "List the scope catalogue",
    success: { status: 200, schema: "ScopeList" },
    refusals: [],
    run: async (_call, { scopes }) => ok({ body: { scopes: await scopes.list() } }),
  }),
  operation({
    operationId: "putScope",
    tag: "Scopes",
    method: "PUT",
    path: "/scopes/:name",
    event: "scope_put",
    scope: adminScopes.writeClients,
    needs: "platform",
    summary: "Add a scope to the catalogue, or change its description and claims",
    body: "ScopeDescription",
    success: { status: 200, schema: "Scope" },
    refusals: ["in_use"],
    async run({ parameter, body }, ports) {
      const put = await ports.scopes.put({ name: parameter("name"), ...body }, ports);
      if (!put.ok) return put;
      await ports.scopeClaims.refresh().catch(() => {}); // the change is stored, and the background reads it soon
      return ok({ body: put.value });
    },
  }),
  operation({
    operationId: "deleteScope",
    tag: "Scopes",
    method: "DELETE",
    path: "/scopes/:name",
    event: "scope_deleted",
    scope: adminScopes.writeClients,
    needs: "platform",
    summary: "Remove a scope from the catalogue",
    success: { status: 204 },
    refusals: ["not_found", "in_use"],
    async run({ parameter }, ports) {
      const deleted = await ports.scopes.delete(parameter("name"), ports);
      return deleted.ok ? ok({}) : deleted;
    },
  }),
];
