import type { Authority } from "@carnet/core/admin/permission";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { AdminRefused, ChangedObject, EventFacts, ObjectsChanged, RecordedRole } from "@carnet/core/audit/event";
import type { Recorder } from "@carnet/core/audit/recorder";
import { type Client, shownOwner } from "@carnet/core/client/client";
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
    /** The role of the caller, even if the call is refused for its scope. */
    adminRole?: RecordedRole | undefined;
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
    const { requestId, actor, role, address } = this.#factsOf(request);
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
    return { ...this.#ports, recorder, origin: { event: operation.event, actor, role, requestId, address } };
  }

  /** Records a call that was carried out, unless it has changed something and so left its event already. */
  async finished(operation: Operation, request: FastifyRequest, outcome: Result<Answer, AdminProblem>): Promise<void> {
    if (request.isAdminCallRecorded) return;
    if (operation.method === "GET") return; // finding nothing is not a refusal: `carnet apply` looks for each client first
    if (!outcome.ok) return this.refused(operation, request, outcome.error);
    const { unchanged = "unchanged", created, refused } = outcome.value;
    const event: ObjectsChanged = {
      event: operation.event,
      ...this.#factsOf(request),
      outcome: unchanged,
      objects: await this.#objectsOf(request, created),
      warning: null,
      refused,
    };
    await this.#ports.events.append(event);
    request.isAdminCallRecorded = true; // not before: a call that a busy store makes fail leaves the event of a refusal
    await this.#ports.recorder.record(event);
  }

  /** Records a call of a caller that the guard admits. */
  async refused(operation: Operation, request: FastifyRequest, problem: AdminProblem): Promise<void> {
    const { kind: reason, rule = null } = problem;
    await this.#record(operation, request, { reason, rule, detail: await recordableDetail(problem), isAdmin: true });
  }

  /** Records a call that the guard refused. */
  async denied(operation: Operation, request: FastifyRequest, denial: Denial): Promise<void> {
    if (denial.caller !== undefined) request.adminCaller = denial.caller;
    request.adminRole = denial.role;
    request.isAdmitted = false;
    const { kind: reason, evidence: detail, isAdmin } = denial;
    await this.#record(operation, request, { reason, rule: null, detail, isAdmin });
  }

  /** Records a call that failed, such as for a body that is too large or a store that cannot be reached. */
  async failed(operation: Operation, request: FastifyRequest, { kind, detail }: AdminProblem): Promise<void> {
    if (request.isAdminCallRecorded) return;
    try {
      await this.#record(operation, request, {
        reason: kind,
        rule: null,
        detail,
        isAdmin: request.isAdmitted === true,
      });
    } catch (fault) {
      if (fault instanceof JournalUnavailable) return; // the journal has logged it, once for all requests
      this.#log.fault("event_not_in_journal", fault, { requestId: request.id });
    }
  }

  async #record(
    operation: Operation,
    request: FastifyRequest,
    { isAdmin, ...problem }: Pick<AdminRefused, "reason" | "rule" | "detail"> & { readonly isAdmin: boolean },
  ): Promise<void> {
    const event: AdminRefused = {
      event: "admin_refused",
      ...this.#factsOf(request),
      operation: operation.operationId,
      ...problem,
      // A store that cannot be read is no reason to lose the event
      ...(isAdmin ? await this.#targetOf(request).catch(() => noTarget) : noTarget),
    };
    request.isAdminCallRecorded = true;
    await this.#ports.recorder.record(event);
  }

  #factsOf(request: FastifyRequest): EventFacts & { readonly role: RecordedRole | null } {
    return {
      id: this.#ports.eventIds.next(),
      at: this.#ports.clock.now(),
      requestId: request.id,
      actor: request.adminCaller ?? { type: "unknown" },
      role: request.adminRole ?? null,
      address: contextOf(request.raw).address,
    };
  }

  /** What the path names, as far as it exists. Looked up for admins only: for others, its time would tell who exists. */
  async #targetOf(request: FastifyRequest): Promise<Pick<AdminRefused, "target" | "targetOwner">> {
    const { scopes, owners, keys } = this.#ports;
    const { secret_id, name, owner: ownerName, kid } = parametersOf(request);
    if (kid !== undefined) {
      const key = (await keys.store.list()).find(({ keyId }) => keyId === kid);
      return { target: key?.keyId ?? null, targetOwner: null };
    }
    if (ownerName !== undefined) {
      const owner = await owners.find(ownerName);
      return owner === undefined ? noTarget : { target: owner.name, targetOwner: owner.name };
    }
    if (name !== undefined) {
      const scope = (await scopes.list()).find((scope) => scope.name === name);
      return { target: scope?.name ?? null, targetOwner: null };
    }
    const client = await this.#clientOf(request);
    if (client === undefined) return noTarget;
    const { clientId, owner: targetOwner } = client;
    const secret = client.secrets.find(({ secretId }) => secretId === secret_id);
    return { target: secret === undefined ? clientId : `${clientId}/${secret.secretId}`, targetOwner };
  }

  /** The object that a repeated call created, or that a call without effect named in its path. */
  async #objectsOf(request: FastifyRequest, created: Answer["created"]): Promise<readonly ChangedObject[]> {
    if (created !== undefined) return [{ ...created, owner: created.owner ?? null, action: "created", changes: {} }];
    const { secret_id, name, owner: ownerName } = parametersOf(request);
    const same = { action: "changed", changes: {} } as const;
    if (name !== undefined) return [{ type: "scope", id: name, clientId: null, owner: null, ...same }];
    if (ownerName !== undefined) return [{ type: "owner", id: ownerName, clientId: null, owner: ownerName, ...same }];
    const client = await this.#clientOf(request);
    if (client === undefined) return [];
    const { clientId } = client;
    const owner = shownOwner(client);
    if (secret_id !== undefined) return [{ type: "secret", id: secret_id, clientId, owner, ...same }];
    return [{ type: "client", id: clientId, clientId: null, owner, ...same }];
  }

  async #clientOf(request: FastifyRequest): Promise<Client | undefined> {
    const id = parseClientId(parametersOf(request).client_id ?? "");
    return id.ok ? this.#ports.store.find(id.value) : undefined;
  }
}

const noTarget = { target: null, targetOwner: null } as const;

const parametersOf = ({ params }: FastifyRequest) => params as Readonly<Record<string, string | undefined>>;

/**
 * The detail of a problem without what the caller wrote: people paste secrets into any field, and also as its name. It
 * leaves out the owners of the caller as well, because auditors of the target's owner read it.
 */
async function recordableDetail({ kind, detail, errors }: AdminProblem): Promise<string> {
  if (kind === "insufficient_role") return "the role of the caller does not allow this";
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
  const what = kind === "policy" ? "the policy does not allow these fields" : "these fields are invalid";
  return `${what}: ${[...new Set(errors.map(({ pointer }) => known(pointer)))].join(", ")}`;
}
