import type { Need } from "@carnet/core/admin/permission";
import type { AdminProblem } from "@carnet/core/admin-problem";
import type { ChangedObject, ChangeKind, ObjectsChanged } from "@carnet/core/audit/event";
import type { AdminScope } from "@carnet/protocol/admin/admin-scopes";
import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import type { Result } from "@carnet/protocol/result";
import type { Static, TSchema } from "typebox";
import type { ChangePorts, ReadPorts } from "./admin-ports.ts";
import type { BodySchemas, QuerySchemas } from "./schemas.ts";

/** One operation of the admin API: its route, its scope, its schemas and what it does. */
export type Operation = ReadOperation | ChangeOperation;

interface OperationFacts {
  readonly operationId: string;
  readonly tag: "Clients" | "Secrets" | "Tokens" | "Scopes" | "Owners" | "Keys" | "Peppers" | "Audit";
  /** Relative to the admin path, with parameters as `:name`. */
  readonly path: string;
  /** The scope that the token must have. null: any scope of the admin API. */
  readonly scope: AdminScope | null;
  /** What the role of the caller must allow. */
  readonly needs: Need;
  /** Whether every admin client may do this to itself, whatever its role. */
  readonly allowsSelf?: true;
  readonly summary: string;
  readonly description?: string;
  readonly query?: keyof QuerySchemas;
  readonly body?: keyof BodySchemas;
  /** Whether `Idempotency-Key` is supported. */
  readonly repeatable?: true;
  /** Whether `If-Match` is supported. */
  readonly conditional?: true;
  readonly success: {
    readonly status: 200 | 201 | 204;
    readonly schema?: keyof BodySchemas;
    /** Whether the answer has an ETag. */
    readonly tagged?: true;
    /** Whether the answer has a Location. */
    readonly located?: true;
    /** Whether the answer is JSON Lines. Each line then has the schema. */
    readonly streamed?: true;
  };
  readonly refusals: readonly ProblemKind[];
}

export interface ReadOperation extends OperationFacts {
  readonly method: "GET";
  run(call: Call<unknown, unknown>, ports: ReadPorts): Promise<Result<Answer, AdminProblem>>;
}

export interface ChangeOperation extends OperationFacts {
  readonly method: "POST" | "PATCH" | "PUT" | "DELETE";
  /** The event that each call leaves. */
  readonly event: ChangeKind;
  run(call: Call<unknown, unknown>, ports: ChangePorts): Promise<Result<Answer, AdminProblem>>;
}

/** A call that passed the guard and whose query and body match their schemas. */
export interface Call<Query, Body> {
  readonly parameter: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  readonly ifMatch: readonly string[] | undefined;
  /** The client that the token was issued to. */
  readonly clientId: string;
  /** The secret that the token was issued for. */
  readonly secretId: string | null;
  readonly idempotencyKey: string | undefined;
  /** The request as text, to recognise a repetition. */
  readonly content: string;
}

export interface Answer {
  /** What was created, to name it in the event when this answer is sent again. */
  readonly created?: Pick<ChangedObject, "type" | "id" | "clientId" | "owner">;
  /** Why the call changed nothing. Not set: what it asked for was there already. */
  readonly unchanged?: Extract<ObjectsChanged["outcome"], "replayed" | "dry_run">;
  /** Of an import, for its event. */
  readonly refused?: ObjectsChanged["refused"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The text of a streamed answer, in chunks. Ends early when the caller hangs up. */
  readonly stream?: AsyncIterable<string>;
}

/** The type of the named schema, or unknown when there is none. */
type Shape<Schemas extends Record<string, TSchema>, Name extends keyof Schemas> = [Name] extends [never]
  ? unknown
  : Static<Schemas[Name]>;

/** An operation whose `run` gets the types of its schemas. */
type Typed<Any extends Operation, Query extends keyof QuerySchemas, Body extends keyof BodySchemas> = Omit<
  Any,
  "query" | "body" | "run"
> & {
  readonly query?: Query;
  readonly body?: Body;
  run(
    call: Call<Shape<QuerySchemas, Query>, Shape<BodySchemas, Body>>,
    ports: Parameters<Any["run"]>[1],
  ): Promise<Result<Answer, AdminProblem>>;
};

/** Gives an operation the types of its schemas. The routes validate query and body before they call it. */
export const operation = <Query extends keyof QuerySchemas = never, Body extends keyof BodySchemas = never>(
  typed: Typed<ReadOperation, Query, Body> | Typed<ChangeOperation, Query, Body>,
): Operation => typed as Operation;
