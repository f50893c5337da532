import { type Authority, permit } from "@carnet/core/admin/permission";
import { type AdminProblem, invalid } from "@carnet/core/admin-problem";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { type Err, err, ok, type Result } from "@carnet/protocol/result";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { adminBodyLimit, parseJsonBody } from "../../json-body.ts";
import { problemOf } from "../error-answers.ts";
import type { HttpPorts } from "../http-ports.ts";
import { refusalOf } from "../refused-requests.ts";
import { contextOf } from "../request-context.ts";
import type { AdminPorts } from "./admin-ports.ts";
import { auditOperations } from "./audit-operations.ts";
import { CallEvents } from "./call-events.ts";
import { clientOperations } from "./client-operations.ts";
import { explainOperation } from "./explain-operation.ts";
import { type Admitted, createGuard, type Denial } from "./guard.ts";
import { keyOperations } from "./key-operations.ts";
import type { Answer, Call, Operation } from "./operation.ts";
import { ownerOperations } from "./owner-operations.ts";
import { pepperOperations } from "./pepper-operations.ts";
import { sendProblem } from "./problem-answers.ts";
import { revocationOperations } from "./revocation-operations.ts";
import type { BodySchemas, QuerySchemas } from "./schemas.ts";
import { scopeOperations } from "./scope-operations.ts";
import { secretOperations } from "./secret-operations.ts";
import { AnswerStreams, tooManyStreams } from "./streamed-answers.ts";
import { usageOperations } from "./usage-operations.ts";
import { whoamiOperation } from "./whoami-operation.ts";

const operations: readonly Operation[] = [
  ...clientOperations,
  ...secretOperations,
  ...revocationOperations,
  ...scopeOperations,
  ...ownerOperations,
  ...keyOperations,
  ...pepperOperations,
  ...auditOperations,
  explainOperation,
  ...usageOperations,
];

/** Every operation of the admin API. */
export const adminOperations: readonly Operation[] = [...operations, whoamiOperation(operations)];

/** The admin API. Routes are generated from the operations, so none can lack the guard, a check or its event. */
export function addAdminRoutes(app: FastifyInstance, { admin: ports, log }: HttpPorts): void {
  const guard = createGuard(ports);
  const events = new CallEvents({ admin: ports, log });
  const streams = new AnswerStreams({ log, clock: ports.clock });
  for (const operation of adminOperations) {
    const denialOf = async (request: FastifyRequest, tokenTime = ports.clock.now()): Promise<Denial | undefined> => {
      const { address } = contextOf(request.raw);
      const needed = { scope: operation.scope, self: operation.allowsSelf && namedClient(request) };
      const admitted = await guard(request.headers.authorization, needed, { address, tokenTime });
      if (!admitted.ok) {
        await events.denied(operation, request, admitted.error);
        return admitted.error;
      }
      request.adminCaller = admitted.value.actor;
      request.adminRole = { name: admitted.value.caller.role, owners: admitted.value.caller.owners };
      request.authority = authorityOf(operation, admitted.value, ports);
      return undefined;
    };
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const denial = await denialOf(request);
      if (denial !== undefined) return sendProblem(reply.header("WWW-Authenticate", denial.challenge), denial);
      request.isAdmitted = true;
      const refused = roleRefusal(request);
      if (refused === undefined) return undefined;
      await events.refused(operation, request, refused.error);
      return sendProblem(reply, refused.error);
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
        const outcome = await carryOut(operation, request, { ports, events });
        await events.finished(operation, request, outcome);
        if (operation.method === "GET") log.debug("admin_operation", factsOf(operation, request));
        if (outcome.ok && outcome.value.stream !== undefined) {
          const startedAt = ports.clock.now();
          const isAllowed = async () => {
            if ((await denialOf(request, startedAt)) !== undefined) return false;
            const refused = roleRefusal(request);
            if (refused !== undefined) await events.refused(operation, request, refused.error);
            return refused === undefined;
          };
          if (!streams.isFull) return streams.send(reply, { chunks: outcome.value.stream, isAllowed });
          await events.failed(operation, request, tooManyStreams);
          return sendProblem(reply, tooManyStreams);
        }
        return outcome.ok ? sendOutcome(operation, reply, outcome.value) : sendProblem(reply, outcome.error);
      },
      errorHandler: async (error, request, reply) => {
        await events.failed(operation, request, problemOf(refusalOf(error)));
        return app.errorHandler(error, request, reply);
      },
    });
  }
}

const authorityOf = (
  { needs, allowsSelf }: Operation,
  { caller, actor: { secretId } }: Admitted,
  { platformContact }: AdminPorts,
): Authority => ({ caller, need: needs, allowsSelf: allowsSelf === true, secretId, platformContact });

/** The client in the path, if there is one. */
const namedClient = ({ params }: Pick<FastifyRequest, "params">): string | undefined =>
  (params as Readonly<Record<string, string | undefined>>)["client_id"];

/** Refuses a role that is not enough, whatever the path names, so that nothing about it is told. */
function roleRefusal({ authority, params }: FastifyRequest): Err<AdminProblem> | undefined {
  if (authority === undefined) throw new Error("the guard has not run");
  const { caller, allowsSelf } = authority;
  if (allowsSelf && namedClient({ params }) === caller.clientId) return undefined;
  const permitted = permit(authority);
  return permitted.ok ? undefined : permitted;
}

const factsOf = ({ operationId }: Operation, request: FastifyRequest) => ({
  requestId: request.id,
  operation: operationId,
  adminClientId: request.adminCaller?.clientId ?? null,
  address: contextOf(request.raw).address,
});

async function carryOut(
  operation: Operation,
  request: FastifyRequest,
  { ports, events }: { ports: AdminPorts; events: CallEvents },
): Promise<Result<Answer, AdminProblem>> {
  const call = await readCall(operation, request);
  if (!call.ok) return call;
  const { authority } = request;
  if (authority === undefined) throw new Error("the guard has not run");
  if (operation.method === "GET") return operation.run(call.value, { ...ports, authority });
  return operation.run(call.value, { ...events.portsFor(operation, request), authority });
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
    clientId: request.adminCaller?.clientId ?? "",
    secretId: request.adminCaller?.secretId ?? null,
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
