import { isUtf8 } from "node:buffer";
import { type AdminProblem, invalid } from "@carnet/core/admin/admin-problem";
import type { IdempotencyPorts } from "@carnet/core/admin/idempotency";
import type { SecretPorts } from "@carnet/core/admin/secrets";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import { clientOperations } from "./client-operations.ts";
import { createGuard, type GuardPorts } from "./guard.ts";
import type { Call, Operation } from "./operation.ts";
import { sendProblem } from "./problem-answers.ts";
import { schemaProblems } from "./schema-problems.ts";
import { scopeOperations } from "./scope-operations.ts";
import { secretOperations } from "./secret-operations.ts";

export interface AdminPorts extends Omit<SecretPorts, "hasher">, IdempotencyPorts, GuardPorts {
  readonly hasher: SecretPorts["hasher"];
  readonly store: ClientStore;
  readonly scopes: ScopeCatalogue;
  readonly directory: ClientDirectory;
}

/** Enough for the largest import batch. */
const bodyLimit = 4 * 1024 * 1024;

/** Every operation of the admin API. */
export const adminOperations: readonly Operation[] = [...clientOperations, ...secretOperations, ...scopeOperations];

/** The admin API. Each route is made from its operation, so none can lack the guard or a check. */
export function addAdminRoutes(app: FastifyInstance, ports: AdminPorts): void {
  const guard = createGuard(ports);
  for (const operation of adminOperations) {
    app.route({
      method: operation.method,
      url: `${adminPath}${operation.path}`,
      bodyLimit,
      exposeHeadRoute: false,
      // Before the body is read: who may not call costs nothing more
      onRequest: async (request, reply) => {
        const admitted = await guard(request.headers.authorization, operation.scope);
        if (admitted.ok) request.adminClientId = admitted.value.clientId;
        else return sendProblem(reply.header("WWW-Authenticate", admitted.error.challenge), admitted.error, request.id);
      },
      handler: (request, reply) => carryOut({ operation, ports }, request, reply),
    });
  }
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls, once the guard has let them in. */
    adminClientId?: string;
  }
}

async function carryOut(
  { operation, ports }: { operation: Operation; ports: AdminPorts },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const call = readCall(operation, request);
  const outcome = call.ok ? await operation.run(call.value, ports) : call;
  if (!outcome.ok) return sendProblem(reply, outcome.error, request.id);
  const { headers = {}, body } = outcome.value;
  reply.code(operation.success.status).headers({ "Cache-Control": "no-store", ...headers });
  if (body === undefined) return reply.send();
  return reply.header("Content-Type", "application/json;charset=UTF-8").send(JSON.stringify(body));
}

function readCall(operation: Operation, request: FastifyRequest): Result<Call<unknown, unknown>, AdminProblem> {
  const query = fits(operation.query, request.query);
  if (!query.ok) return query;
  const body = operation.body === undefined ? ok(undefined) : readBody(operation.body, request);
  if (!body.ok) return body;
  const parameters = request.params as Readonly<Record<string, string>>;
  const idempotencyKey = request.headers["idempotency-key"];
  if (
    idempotencyKey !== undefined &&
    !(typeof idempotencyKey === "string" && /^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
  ) {
    return err({ kind: "malformed", detail: "the Idempotency-Key must be 1 to 255 visible ASCII characters" });
  }
  return ok({
    parameter: (name) => parameters[name] ?? "",
    query: query.value,
    body: body.value,
    ifMatch: request.headers["if-match"]?.split(",").map((tag) => tag.trim()),
    clientId: request.adminClientId ?? "",
    idempotencyKey,
    content: JSON.stringify([operation.operationId, parameters, body.value]),
  });
}

function readBody(schema: TSchema, request: FastifyRequest): Result<unknown, AdminProblem> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const accepted =
    request.method === "PATCH" ? ["application/merge-patch+json", "application/json"] : ["application/json"];
  if (type === undefined || !accepted.includes(type))
    return err({ kind: "unsupported_media_type", detail: `send ${accepted.join(" or ")}` });
  if (!isUtf8(raw)) return err({ kind: "malformed", detail: "the body is not valid UTF-8" });
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw.toString("utf8"));
  } catch {
    return err({ kind: "malformed", detail: "the body is not valid JSON" }); // the parser's message would quote it
  }
  return fits(schema, parsed);
}

function fits(schema: TSchema | undefined, value: unknown): Result<unknown, AdminProblem> {
  const errors = schema === undefined ? [] : schemaProblems(schema, value);
  return errors.length === 0 ? ok(value) : invalid(errors);
}
