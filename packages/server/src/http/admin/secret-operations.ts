import { entityTagOf, findClient, type Target } from "@carnet/core/admin/change-client";
import { type AddedSecret, addSecret, findSecret, revokeSecret, rotateSecrets } from "@carnet/core/admin/secrets";
import type { AdminProblem } from "@carnet/core/admin-problem";
import { shownOwner } from "@carnet/core/client/client";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { ok, type Result } from "@carnet/protocol/result";
import type { AdminPorts, ReadPorts } from "./admin-ports.ts";
import { newSecretOf } from "./client-operations.ts";
import { type Answer, type Call, type Operation, operation } from "./operation.ts";
import { answerOnce } from "./repeated-requests.ts";
import { secretView } from "./views.ts";

const { readClients, writeClients } = adminScopes;

const added = ({ client, secret, shown }: AddedSecret, ports: AdminPorts): Answer => ({
  created: { type: "secret", id: secret.secretId, clientId: client.clientId, owner: shownOwner(client) },
  headers: {
    ETag: entityTagOf(client),
    Location: `${adminPath}/clients/${encodeURIComponent(client.clientId)}/secrets/${secret.secretId}`,
  },
  body: { ...secretView(secret, ports), ...(shown && { client_secret: shown.reveal() }) },
});

/** Adds a secret to a client, once per `Idempotency-Key`. */
const createSecret = (
  call: Pick<Call<unknown, unknown>, "parameter" | "ifMatch" | "idempotencyKey" | "clientId" | "content">,
  ports: ReadPorts,
  create: (target: Target<AddedSecret>) => Promise<Result<AddedSecret, AdminProblem>>,
): Promise<Result<Answer, AdminProblem>> =>
  answerOnce(call, ports, async (record) => {
    const clientId = call.parameter("client_id");
    const recorded = record && ((made: AddedSecret) => record(added(made, ports)));
    const made = await create({ clientId, ifMatch: call.ifMatch, record: recorded });
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
    needs: "read",
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
    needs: "read",
    summary: "Show a secret of a client",
    description: "Shows its metadata, never the secret itself.",
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
    event: "secret_added",
    scope: writeClients,
    needs: "manage",
    summary: "Add a secret to a client",
    description: "Only this answer shows a generated secret. A client can have ten live secrets.",
    body: "NewSecret",
    repeatable: true,
    conditional: true,
    success: { status: 201, schema: "AddedSecret", located: true, tagged: true },
    refusals: ["not_found", "changed", "too_many_secrets", "policy"],
    run: (call, ports) => createSecret(call, ports, (target) => addSecret(target, newSecretOf(call.body), ports)),
  }),
  operation({
    operationId: "rotateSecrets",
    tag: "Secrets",
    method: "POST",
    path: "/clients/:client_id/secrets/rotate",
    event: "secrets_rotated",
    scope: writeClients,
    needs: "operate",
    allowsSelf: true,
    summary: "Rotate the secrets of a client",
    description:
      "Adds a secret. The old secrets end at a given time, or each after it was idle for a given time. Default: a day from now.",
    body: "Rotation",
    repeatable: true,
    conditional: true,
    success: { status: 201, schema: "AddedSecret", located: true, tagged: true },
    refusals: ["not_found", "changed", "too_many_secrets", "policy", "last_admin"],
    run: (call, ports) =>
      createSecret(call, ports, (target) => {
        const { secret, ...end } = call.body;
        return rotateSecrets(target, { ...end, ...(secret && { secret: newSecretOf(secret) }) }, ports);
      }),
  }),
  operation({
    operationId: "revokeSecret",
    tag: "Secrets",
    method: "DELETE",
    path: "/clients/:client_id/secrets/:secret_id",
    event: "secret_revoked",
    scope: writeClients,
    needs: "operate",
    summary: "Revoke a secret",
    description:
      "Tokens that the client got with it stay valid until they expire, unless `with_tokens` revokes them. The admin API refuses them in either case.",
    query: "RevokedSecretFilter",
    conditional: true,
    success: { status: 204 },
    refusals: ["not_found", "changed", "policy", "last_admin"],
    async run({ parameter, query, ifMatch }, ports) {
      const clientId = parameter("client_id");
      const withTokens = query.with_tokens === undefined ? undefined : query.with_tokens === "true";
      const secret = { secretId: parameter("secret_id"), withTokens };
      const revoked = await revokeSecret({ clientId, ifMatch }, secret, ports);
      if (!revoked.ok) return revoked;
      ports.directory.forget(clientId);
      return ok({});
    },
  }),
];
