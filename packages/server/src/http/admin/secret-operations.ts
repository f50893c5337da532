import { findClient } from "@carnet/core/admin/change-client";
import { type AddedSecret, addSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import * as wire from "@carnet/protocol/admin/clients";
import { ok } from "@carnet/protocol/result";
import type { AdminPorts } from "./admin-routes.ts";
import { newSecretOf } from "./client-operations.ts";
import { type Answer, type Operation, operation } from "./operation.ts";
import { answerOnce } from "./repeated-requests.ts";
import { secretView } from "./views.ts";

const { readClients, writeClients } = adminScopes;

/** What can be done with the secrets of a client. */
export const secretOperations = (ports: AdminPorts): readonly Operation[] => {
  const added = ({ client, secret, shown }: AddedSecret): Answer => ({
    headers: { Location: `${adminPath}/clients/${encodeURIComponent(client.clientId)}/secrets/${secret.secretId}` },
    body: { ...secretView(secret, ports), ...(shown && { client_secret: shown.reveal() }) },
  });
  return [
    operation({
      operationId: "listSecrets",
      tag: "Secrets",
      method: "GET",
      path: "/clients/:client_id/secrets",
      scope: readClients,
      summary: "List the secrets of a client",
      success: { status: 200, schema: wire.SecretList },
      refusals: ["not_found"],
      async run({ parameter }) {
        const found = await findClient(parameter("client_id"), ports);
        return found.ok
          ? ok({ body: { secrets: found.value.secrets.map((secret) => secretView(secret, ports)) } })
          : found;
      },
    }),
    operation({
      operationId: "addSecret",
      tag: "Secrets",
      method: "POST",
      path: "/clients/:client_id/secrets",
      scope: writeClients,
      summary: "Give a client one more secret",
      description: "The answer shows a generated one this once. Up to ten secrets are live at a time.",
      body: wire.NewSecret,
      repeatable: true,
      conditional: true,
      success: { status: 201, schema: wire.AddedSecret },
      refusals: ["not_found", "changed", "invalid", "too_many_secrets", "repeated", "idempotency_key_reused"],
      run: (call) =>
        answerOnce(call, ports, async (keep) => {
          const target = {
            clientId: call.parameter("client_id"),
            ifMatch: call.ifMatch,
            keep: keep && ((made: AddedSecret) => keep(added(made))),
          };
          const made = await addSecret(target, newSecretOf(call.body), ports);
          if (made.ok) ports.directory.forget(target.clientId);
          return made.ok ? ok(added(made.value)) : made;
        }),
    }),
    operation({
      operationId: "rotateSecrets",
      tag: "Secrets",
      method: "POST",
      path: "/clients/:client_id/secrets/rotate",
      scope: writeClients,
      summary: "Give a client a new secret, and the old ones an end",
      description:
        "The old ones end at a time, or each once it has not been used for a span; a day from now where neither is given.",
      body: wire.Rotation,
      repeatable: true,
      conditional: true,
      success: { status: 201, schema: wire.AddedSecret },
      refusals: ["not_found", "changed", "invalid", "too_many_secrets", "repeated", "idempotency_key_reused"],
      run: (call) =>
        answerOnce(call, ports, async (keep) => {
          const target = {
            clientId: call.parameter("client_id"),
            ifMatch: call.ifMatch,
            keep: keep && ((made: AddedSecret) => keep(added(made))),
          };
          const { secret, ...end } = call.body;
          const made = await rotateSecrets(target, { ...end, ...(secret && { secret: newSecretOf(secret) }) }, ports);
          if (made.ok) ports.directory.forget(target.clientId);
          return made.ok ? ok(added(made.value)) : made;
        }),
    }),
    operation({
      operationId: "revokeSecret",
      tag: "Secrets",
      method: "DELETE",
      path: "/clients/:client_id/secrets/:secret_id",
      scope: writeClients,
      summary: "End a secret at once",
      conditional: true,
      success: { status: 204 },
      refusals: ["not_found", "changed"],
      async run({ parameter, ifMatch }) {
        const clientId = parameter("client_id");
        const revoked = await revokeSecret({ clientId, ifMatch }, parameter("secret_id"), ports);
        ports.directory.forget(clientId);
        return revoked.ok ? ok({}) : revoked;
      },
    }),
  ];
};
