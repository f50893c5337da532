import { entityTagOf, findClient, type Target } from "@carnet/core/admin/change-client";
import { type AddedSecret, addSecret, findSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import type { AdminProblem } from "@carnet/core/admin-problem";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { ok, type Result } from "@carnet/protocol/result";
import type { AdminPorts } from "./admin-ports.ts";
import { newSecretOf } from "./client-operations.ts";
import { type Answer, type Call, type Operation, operation } from "./operation.ts";
import { answerOnce } from "./repeated-requests.ts";
import { secretView } from "./views.ts";

const { readClients, writeClients } = adminScopes;

const added = ({ client, secret, shown }: AddedSecret, ports: AdminPorts): Answer => ({
  target: `${client.clientId}/${secret.secretId}`,
  headers: {
    ETag: entityTagOf(client),
    Location: `${adminPath}/clients/${encodeURIComponent(client.clientId)}/secrets/${secret.secretId}`,
  },
  body: { ...secretView(secret, ports), ...(shown && { client_secret: shown.reveal() }) },
});

/** Adds a secret to a client, once per `Idempotency-Key`. */
const giveSecret = (
  call: Pick<Call<unknown, unknown>, "parameter" | "ifMatch" | "idempotencyKey" | "clientId" | "content">,
  ports: AdminPorts,
  give: (target: Target<AddedSecret>) => Promise<Result<AddedSecret, AdminProblem>>,
): Promise<Result<Answer, AdminProblem>> =>
  answerOnce(call, ports, async (record) => {
    const clientId = call.parameter("client_id");
    const recorded = record && ((made: AddedSecret) => record(added(made, ports)));
    const made = await give({ clientId, ifMatch: call.ifMatch, record: recorded });
    if (!made.ok) return made;
    ports.directory.forget(clientId);
    return ok(added(made.value, ports));
  });

/** The operations on the secrets of a client. */
export const secretOperations: readonly Operation[] = [
  operation({
    operationId: "listSecrets",
    tag: "Secrets",
    method: "GET",
    path: "/clients/:client_id/secrets",
    scope: readClients,
    summary: "List the secrets of a client",
    success: { status: 200, schema: "SecretList" },
    refusals: ["not_found"],
    async run({ parameter }, ports) {
      const found = await findClient(parameter("client_id"), ports);
      return found.ok
        ? ok({ body: { secrets: found.value.secrets.map((secret) => secretView(secret, ports)) } })
        : found;
    },
  }),
  operation({
    operationId: "showSecret",
    tag: "Secrets",
    method: "GET",
    path: "/clients/:client_id/secrets/:secret_id",
    scope: readClients,
    summary: "Show a secret of a client",
    description: "What is known of it, which is not the secret itself.",
    success: { status: 200, schema: "Secret" },
    refusals: ["not_found"],
    async run({ parameter }, ports) {
      const found = await findClient(parameter("client_id"), ports);
      if (!found.ok) return found;
      const secret = findSecret(found.value, parameter("secret_id"));
      return secret.ok ? ok({ body: secretView(secret.value, ports) }) : secret;
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
    body: "NewSecret",
    repeatable: true,
    conditional: true,
    success: { status: 201, schema: "AddedSecret", located: true, tagged: true },
    refusals: ["not_found", "changed", "too_many_secrets"],
    run: (call, ports) => giveSecret(call, ports, (target) => addSecret(target, newSecretOf(call.body), ports)),
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
    body: "Rotation",
    repeatable: true,
    conditional: true,
    success: { status: 201, schema: "AddedSecret", located: true, tagged: true },
    refusals: ["not_found", "changed", "too_many_secrets"],
    run: (call, ports) =>
      giveSecret(call, ports, (target) => {
        const { secret, ...end } = call.body;
        return rotateSecrets(target, { ...end, ...(secret && { secret: newSecretOf(secret) }) }, ports);
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
    async run({ parameter, ifMatch }, ports) {
      const clientId = parameter("client_id");
      const revoked = await revokeSecret({ clientId, ifMatch }, parameter("secret_id"), ports);
      ports.directory.forget(clientId);
      return revoked.ok ? ok({}) : revoked;
    },
  }),
];
