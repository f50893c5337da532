import type { Authority } from "@carnet/core/admin/permission";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { AdminRefused, ChangedObject, EventFacts, ObjectsChanged } from "@carnet/core/audit/event";
import type { Recorder } from "@carnet/core/audit/recorder";
import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import { parseClientId } from "@carnet/protocol/ids";
import type { Result } from "@carnet/protocol/result";
import type { FastifyRequest } from "fastify";
import { JournalUnavailable } from "../../journal/journal.ts";
import type { HttpPorts } from "../http-ports.ts";
import { contextOf } from "../request-context.ts";
import type { ChangePorts } from "./admin-ports.ts";
import type { Denial, ProvenCaller } from "./guard.ts";
import type { Answer, ChangeOperation, Operation } from "./operation.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls, as far as the token proved it. */
    adminCaller?: ProvenCaller;
    /** What it may do, once the guard admits the call. */
    authority?: Authority;
    /** Whether the guard admitted the call. */
    isAdmitted?: boolean;
    /** Whether the call has left its event. */
    isAdminCallRecorded?: true;
  }
}

/** Sees to it that each call of the admin API leaves exactly one event, except for reads that the guard admits. */
export class CallEvents {
  readonly #ports: HttpPorts["admin"];
  readonly #log: HttpPorts["log"];

  constructor({ admin, log }: Pick<HttpPorts, "admin" | "log">) {
    this.#ports = admin;
    this.#log = log;
  }

  /** The ports with which an operation makes and records its change. */
  portsFor(operation: ChangeOperation, request: FastifyRequest): Omit<ChangePorts, "authority"> {
    const { requestId, actor, address } = this.#factsOf(request);
    const recorder: Recorder = {
      record: async (event) => {
        request.isAdminCallRecorded = true;
        try {
          await this.#ports.recorder.record(event);
        } catch (fault) {
          // The change is done and its event is in the store, so refusing the call would be wrong
          this.#log.fault("event_not_in_journal", fault, { requestId, eventId: event.id });
        }
      },
    };
    return { ...this.#ports, recorder, origin: { event: operation.event, actor, requestId, address } };
  }

  /** Records a call that was carried out, unless it has changed something and so left its event already. */
  async finished(operation: Operation, request: FastifyRequest, outcome: Result<Answer, AdminProblem>): Promise<void> {
    if (request.isAdminCallRecorded) return;
    if (operation.method === "GET") return; // finding nothing is not a refusal: `carnet apply` looks for each client first
    if (!outcome.ok) {
      const detail = await recordableDetail(outcome.error);
      return this.#refused(operation, request, { reason: outcome.error.kind, detail, isAdmin: true });
    }
    const { unchanged = "unchanged", created } = outcome.value;
    const event: ObjectsChanged = {
      event: operation.event,
      ...this.#factsOf(request),
      outcome: unchanged,
      objects: created === undefined ? objectsOf(request) : [{ ...created, action: "created", changes: {} }],
      warning: null,
    };
    await this.#ports.events.append(event);
    request.isAdminCallRecorded = true; // not before: a call that a busy store makes fail leaves the event of a refusal
    await this.#ports.recorder.record(event);
  }

  /** Records a call that the guard refused. */
  async denied(operation: Operation, request: FastifyRequest, denial: Denial): Promise<void> {
    if (denial.caller !== undefined) request.adminCaller = denial.caller;
    request.isAdmitted = false;
    const { kind: reason, evidence: detail, isAdmin } = denial;
    await this.#refused(operation, request, { reason, detail, isAdmin });
  }

  /** Records a call that failed, such as for a body that is too large or a store that cannot be reached. */
  async failed(operation: Operation, request: FastifyRequest, { kind, detail }: AdminProblem): Promise<void> {
    if (request.isAdminCallRecorded) return;
    try {
      await this.#refused(operation, request, { reason: kind, detail, isAdmin: request.isAdmitted === true });
    } catch (fault) {
      if (fault instanceof JournalUnavailable) return; // the journal has logged it, once for all requests
      this.#log.fault("event_not_in_journal", fault, { requestId: request.id });
    }
  }

  async #refused(
    operation: Operation,
    request: FastifyRequest,
    { isAdmin, ...problem }: { reason: ProblemKind; detail: string; isAdmin: boolean },
  ): Promise<void> {
    const event: AdminRefused = {
      event: "admin_refused",
      ...this.#factsOf(request),
      operation: operation.operationId,
      ...problem,
      // A store that cannot be read is no reason to lose the event
      target: isAdmin ? await this.#targetOf(request).catch(() => null) : null,
    };
    request.isAdminCallRecorded = true;
    await this.#ports.recorder.record(event);
  }

  #factsOf(request: FastifyRequest): EventFacts {
    return {
      id: this.#ports.eventIds.next(),
      at: this.#ports.clock.now(),
      requestId: request.id,
      actor: request.adminCaller ?? { type: "unknown" },
      address: contextOf(request.raw).address,
    };
  }

  /** What the path names, as far as it exists. Looked up for admins only: for others, its time would tell who exists. */
  async #targetOf(request: FastifyRequest): Promise<string | null> {
    const { client_id, secret_id, name, owner } = parametersOf(request);
    if (owner !== undefined) return (await this.#ports.owners.find(owner))?.name ?? null;
    if (name !== undefined) return (await this.#ports.scopes.list()).find((scope) => scope.name === name)?.name ?? null;
    const id = parseClientId(client_id ?? "");
    const client = id.ok ? await this.#ports.store.find(id.value) : undefined;
    if (client === undefined) return null;
    const secret = client.secrets.find(({ secretId }) => secretId === secret_id);
    return secret === undefined ? client.clientId : `${client.clientId}/${secret.secretId}`;
  }
}

const parametersOf = ({ params }: FastifyRequest) => params as Readonly<Record<string, string | undefined>>;

/** The object of the path of a call that succeeded and changed nothing. */
function objectsOf(request: FastifyRequest): readonly ChangedObject[] {
  const { client_id, secret_id, name, owner } = parametersOf(request);
  const same = { action: "changed", changes: {} } as const;
  if (name !== undefined) return [{ type: "scope", id: name, clientId: null, ...same }];
  if (owner !== undefined) return [{ type: "owner", id: owner, clientId: null, ...same }];
  const clientId = parseClientId(client_id ?? "");
  if (!clientId.ok) return [];
  if (secret_id !== undefined) return [{ type: "secret", id: secret_id, clientId: clientId.value, ...same }];
  return [{ type: "client", id: clientId.value, clientId: null, ...same }];
}

/** The detail of a problem without what the caller wrote: people paste secrets into any field, and also as its name. */
async function recordableDetail({ detail, errors }: AdminProblem): Promise<string> {
  if (errors === undefined) return detail;
  const { bodySchemas, querySchemas } = await import("./schemas.ts");
  const names = new Set(
    Object.values({ ...bodySchemas, ...querySchemas }).flatMap((schema) =>
      Object.keys("properties" in schema ? schema.properties : {}),
    ),
  );
  const known = (pointer: string): string => {
    const parts = pointer.split("/").slice(1);
    const end = parts.findIndex((part) => !names.has(part) && !/^\d{1,4}$/.test(part));
    return parts.slice(0, end === -1 ? undefined : end).join("/") || "the body";
  };
  return `these fields are invalid: ${[...new Set(errors.map(({ pointer }) => known(pointer)))].join(", ")}`;
}
