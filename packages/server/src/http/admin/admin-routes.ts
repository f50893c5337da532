import { isUtf8 } from "node:buffer";
import type { IdempotencyPorts } from "@carnet/core/admin/idempotency";
import type { SecretPorts } from "@carnet/core/admin/secrets";
import { type AdminProblem, invalid } from "@carnet/core/admin-problem";
import type { ClientDirectory } from "@carnet/core/client/client-directory";
import type { ClientStore } from "@carnet/core/client/client-store";
import type { ScopeCatalogue } from "@carnet/core/scope/scope-catalogue";
import { adminPath } from "@carnet/protocol/admin/admin-scopes";
import { err, ok, type Result } from "@carnet/protocol/result";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LogStalled } from "../../log/log-output.ts";
import type { Log } from "../../log/logger.ts";
import type { HttpPorts } from "../app.ts";
import type { AddressReader } from "../caller-address.ts";
import { clientOperations } from "./client-operations.ts";
import { createGuard, type Denial, type GuardPorts } from "./guard.ts";
import type { Answer, Call, Operation } from "./operation.ts";
import { sendProblem } from "./problem-answers.ts";
import type { BodySchemas, QuerySchemas } from "./schemas.ts";
import { scopeOperations } from "./scope-operations.ts";
import { secretOperations } from "./secret-operations.ts";

export interface AdminPorts extends Omit<SecretPorts, "hasher">, IdempotencyPorts, GuardPorts {
  readonly hasher: SecretPorts["hasher"];
  readonly store: ClientStore;
  readonly scopes: ScopeCatalogue;
  readonly directory: ClientDirectory;
}

/** In MiB: enough for the largest import batch. */
export const adminBodyLimit = 4;

/** Every operation of the admin API. */
export const adminOperations: readonly Operation[] = [...clientOperations, ...secretOperations, ...scopeOperations];

/** The admin API. Each route is made from its operation, so none can lack the guard, a check or a line in the log. */
export function addAdminRoutes(
  app: FastifyInstance,
  {
    admin: ports,
    log,
    records,
    isDraining,
    isLogStalled,
    addressOf,
  }: HttpPorts & { readonly addressOf: AddressReader },
): void {
  const guard = createGuard(ports);
  for (const operation of adminOperations) {
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const admitted = await guard(request.headers.authorization, operation.scope, request.callerAddress ?? "unknown");
      if (!admitted.ok) return refuse({ operation, log }, { request, reply, denial: admitted.error });
      request.adminClientId = admitted.value.clientId;
      return undefined;
    };
    app.route({
      method: operation.method,
      url: `${adminPath}${operation.path}`,
      bodyLimit: adminBodyLimit * 1024 * 1024,
      exposeHeadRoute: false,
      // Before the body is read: who may not call costs nothing more
      onRequest: async (request, reply) => {
        request.callerAddress = addressOf(request.raw);
        if (isDraining()) return sendProblem(reply.header("Retry-After", "1"), draining, request.id);
        // Before the change, because each change is recorded
        if (operation.method !== "GET" && isLogStalled()) throw new LogStalled();
        return admit(request, reply);
      },
      // And once it is: a body can be sent so slowly that its client has been disabled meanwhile
      ...(operation.method === "GET" ? {} : { preHandler: admit }),
      handler: async (request, reply) => {
        const outcome = await carryOut({ operation, ports }, request);
        const facts = { ...factsOf(operation, request), ...describeOutcome(outcome, request) };
        if (operation.method === "GET") log.debug("admin_operation", facts);
        else records.info("admin_operation", facts);
        return outcome.ok
          ? sendOutcome(operation, reply, outcome.value)
          : sendProblem(reply, outcome.error, request.id);
      },
    });
  }
}

declare module "fastify" {
  interface FastifyRequest {
    /** From where the admin API is called. */
    callerAddress?: string;
    /** Who calls, once the guard has let them in. */
    adminClientId?: string;
  }
}

const draining: AdminProblem = {
  kind: "unavailable",
  detail: "this instance of the service is stopping: send the request again",
};

const factsOf = ({ operationId }: Operation, request: FastifyRequest) => ({
  requestId: request.id,
  operation: operationId,
  adminClientId: request.adminClientId ?? null,
  address: request.callerAddress ?? "unknown",
});

const describeOutcome = (outcome: Result<Answer, AdminProblem>, { params }: FastifyRequest) => ({
  outcome: outcome.ok ? "done" : outcome.error.kind,
  // What is not there may be anything: people paste secrets into the wrong place
  target: outcome.ok ? (outcome.value.target ?? Object.values(params ?? {}).join("/")) : null,
});

function refuse(
  { operation, log }: { operation: Operation; log: Log },
  { request, reply, denial }: { request: FastifyRequest; reply: FastifyReply; denial: Denial },
): FastifyReply {
  log.warn("admin_refused", { ...factsOf(operation, request), outcome: denial.kind });
  return sendProblem(reply.header("WWW-Authenticate", denial.challenge), denial, request.id);
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
  const query = await fits(operation.query, request.query);
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
  if (!isUtf8(raw)) return err({ kind: "malformed", detail: "the body is not valid UTF-8" });
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw.toString("utf8"));
  } catch {
    return err({ kind: "malformed", detail: "the body is not valid JSON" }); // the parser's message would quote it
  }
  if (!isSmall(parsed))
    return err({ kind: "malformed", detail: `the body has more than ${mostParts} members and items` });
  return fits(schema, parsed);
}

/** More than the largest import batch takes; to look at a million of them would hold up everybody for a second. */
const mostParts = 100_000;

function isSmall(parsed: unknown): boolean {
  const waiting = [parsed];
  let parts = 0;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (typeof part !== "object" || part === null) continue;
    const members: readonly unknown[] = Object.values(part);
    parts += members.length;
    if (parts > mostParts) return false;
    for (const member of members) waiting.push(member);
  }
  return true;
}

async function fits(
  name: keyof QuerySchemas | keyof BodySchemas | undefined,
  value: unknown,
): Promise<Result<unknown, AdminProblem>> {
  if (name === undefined) return ok(value);
  // Loaded here, because no token needs any of it
  const [{ bodySchemas, querySchemas }, { schemaProblems }] = await Promise.all([
    import("./schemas.ts"),
    import("./schema-problems.ts"),
  ]);
  const errors = schemaProblems({ ...bodySchemas, ...querySchemas }[name], value);
  return errors.length === 0 ? ok(value) : invalid(errors);
}
