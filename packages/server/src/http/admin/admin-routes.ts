import { type AdminProblem, invalid } from "@carnet/core/admin-problem";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../log/logger.ts";
import type { HttpPorts } from "../http-ports.ts";
import { contextOf } from "../request-context.ts";
import type { AdminPorts } from "./admin-ports.ts";
import { clientOperations } from "./client-operations.ts";
import { createGuard, type Denial } from "./guard.ts";
import { adminBodyLimit, parseJsonBody } from "./json-body.ts";
import type { Answer, Call, Operation } from "./operation.ts";
import { sendProblem } from "./problem-answers.ts";
import type { BodySchemas, QuerySchemas } from "./schemas.ts";
import { scopeOperations } from "./scope-operations.ts";
import { secretOperations } from "./secret-operations.ts";

/** Every operation of the admin API. */
export const adminOperations: readonly Operation[] = [...clientOperations, ...secretOperations, ...scopeOperations];

/** The admin API. Routes are generated from the operations, so none can lack the guard, a check or its log line. */
export function addAdminRoutes(app: FastifyInstance, { admin: ports, log, records }: HttpPorts): void {
  const guard = createGuard(ports);
  for (const operation of adminOperations) {
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const admitted = await guard(request.headers.authorization, operation.scope, contextOf(request.raw).address);
      if (!admitted.ok) return refuse({ operation, log }, { request, reply, denial: admitted.error });
      request.adminClientId = admitted.value.clientId;
      return undefined;
    };
    app.route({
      method: operation.method,
      url: `${adminPath}${operation.path}`,
      bodyLimit: adminBodyLimit * 1024 * 1024,
      exposeHeadRoute: false,
      onRequest: admit, // before the body is read, so that a refusal is cheap
      // And after the body, because the client may be disabled while a slow body arrives
      ...(operation.method === "GET" ? {} : { preHandler: admit }),
      handler: async (request, reply) => {
        const outcome = await carryOut({ operation, ports }, request);
        const facts = { ...factsOf(operation, request), ...describeOutcome(outcome, request) };
        if (operation.method === "GET") log.debug("admin_operation", facts);
        else records.info("admin_operation", facts);
        return outcome.ok ? sendOutcome(operation, reply, outcome.value) : sendProblem(reply, outcome.error);
      },
    });
  }
}

declare module "fastify" {
  interface FastifyRequest {
    /** The calling client, once the guard has admitted it. */
    adminClientId?: string;
  }
}

const factsOf = ({ operationId }: Operation, request: FastifyRequest) => ({
  requestId: request.id,
  operation: operationId,
  adminClientId: request.adminClientId ?? null,
  address: contextOf(request.raw).address,
});

const describeOutcome = (outcome: Result<Answer, AdminProblem>, { params }: FastifyRequest) => ({
  outcome: outcome.ok ? "done" : outcome.error.kind,
  // A target that does not exist may be anything: people paste secrets into the wrong field
  ...(outcome.ok && outcome.value.warning !== undefined && { warning: outcome.value.warning }),
  target: outcome.ok ? (outcome.value.target ?? Object.values(params ?? {}).join("/")) : null,
});

function refuse(
  { operation, log }: { operation: Operation; log: Log },
  { request, reply, denial }: { request: FastifyRequest; reply: FastifyReply; denial: Denial },
): FastifyReply {
  log.warn("admin_refused", { ...factsOf(operation, request), outcome: denial.kind });
  return sendProblem(reply.header("WWW-Authenticate", denial.challenge), denial);
}

async function carryOut(
  { operation, ports }: { operation: Operation; ports: AdminPorts },
  request: FastifyRequest,
): Promise<Result<Answer, AdminProblem>> {
  const call = await readCall(operation, request);
  return call.ok ? operation.run(call.value, ports) : call;
}

function sendOutcome(operation: Operation, reply: FastifyReply, { headers = {}, body }: Answer): FastifyReply {
  reply.code(operation.success.status).headers({ "Cache-Control": "no-store", ...headers });
  if (body === undefined) return reply.send();
  return reply.header("Content-Type", "application/json;charset=UTF-8").send(JSON.stringify(body));
}

async function readCall(
  operation: Operation,
  request: FastifyRequest,
): Promise<Result<Call<unknown, unknown>, AdminProblem>> {
  const query = await validate(operation.query, request.query);
  if (!query.ok) return query;
  const body = operation.body === undefined ? ok(undefined) : await readBody(operation.body, request);
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

async function readBody(schema: keyof BodySchemas, request: FastifyRequest): Promise<Result<unknown, AdminProblem>> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const accepted =
    request.method === "PATCH" ? ["application/merge-patch+json", "application/json"] : ["application/json"];
  if (type === undefined || !accepted.includes(type))
    return err({ kind: "unsupported_media_type", detail: `send ${accepted.join(" or ")}` });
  const parsed = parseJsonBody(raw);
  return parsed.ok ? validate(schema, parsed.value) : parsed;
}

async function validate(
  name: keyof QuerySchemas | keyof BodySchemas | undefined,
  value: unknown,
): Promise<Result<unknown, AdminProblem>> {
  if (name === undefined) return ok(value);
  // Loaded on first use, because the token path never needs them
  const [{ bodySchemas, querySchemas }, { schemaProblems }] = await Promise.all([
    import("./schemas.ts"),
    import("@carnet/protocol/admin/schema-problems"),
  ]);
  const errors = schemaProblems({ ...bodySchemas, ...querySchemas }[name], value);
  return errors.length === 0 ? ok(value) : invalid(errors);
}
