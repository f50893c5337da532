import { findClient } from "@carnet/core/admin/change-client";
import { permit } from "@carnet/core/admin/permission";
import type { Client } from "@carnet/core/client/client";
import type { Whoami } from "@carnet/protocol/admin/whoami";
import { ok } from "@carnet/protocol/result";
import type { ReadPorts } from "./admin-ports.ts";
import { type Operation, operation } from "./operation.ts";
import { clientView } from "./views.ts";

/** Tells an admin client who it is, and which of these operations it may call. Any of its secrets and scopes will do. */
export const whoamiOperation = (operations: readonly Operation[]): Operation =>
  operation({
    operationId: "whoami",
    tag: "Clients",
    method: "GET",
    path: "/whoami",
    scope: null,
    needs: "anyone",
    summary: "Show the calling admin client",
    description: "Its role, the owners that the role is bound to, what it may do, and when its secret ends.",
    success: { status: 200, schema: "Whoami" },
    refusals: [],
    async run({ clientId, secretId }, ports) {
      const found = await findClient(clientId, ports);
      if (!found.ok) return found; // deleted since the guard has found it
      const { client_id, client_name, scope, expires_at, secrets } = clientView(found.value, ports);
      const { caller, platformContact } = ports.authority;
      const body: Whoami = {
        client_id,
        client_name,
        role: caller.role,
        owners: caller.owners && [...caller.owners],
        scope,
        expires_at,
        secret: secrets.find(({ secret_id }) => secret_id === secretId) ?? null,
        operations: operations.filter((one) => mayCall(one, found.value, ports)).map(({ operationId }) => operationId),
        contact: platformContact,
      };
      return ok({ body });
    },
  });

/** Whether its role allows an operation, at least on itself, and its scopes include the one that it needs. */
function mayCall({ scope, needs: need, allowsSelf }: Operation, { scopes }: Client, { authority }: ReadPorts): boolean {
  if (allowsSelf) return true;
  return (scope === null || scopes.includes(scope)) && permit({ ...authority, need }).ok;
}
