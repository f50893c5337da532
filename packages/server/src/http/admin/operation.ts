import type { AdminProblem } from "@carnet/core/admin-problem";
import type { AdminScope } from "@carnet/protocol/admin/admin-scopes";
import type { ProblemKind } from "@carnet/protocol/admin/problem-kinds";
import type { Result } from "@carnet/protocol/result";
import type { Static, TSchema } from "typebox";
import type { AdminPorts } from "./admin-ports.ts";
import type { BodySchemas, QuerySchemas } from "./schemas.ts";

/** One operation of the admin API: the route, who may call it, what it takes and gives, and the work. */
export interface Operation {
  readonly operationId: string;
  readonly tag: "Clients" | "Secrets" | "Scopes";
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Relative to the admin path, with parameters as `:name`. */
  readonly path: string;
  readonly scope: AdminScope;
  readonly summary: string;
  readonly description?: string;
  readonly query?: keyof QuerySchemas;
  readonly body?: keyof BodySchemas;
  /** Whether an `Idempotency-Key` is heeded. */
  readonly repeatable?: true;
  /** Whether `If-Match` is heeded. */
  readonly conditional?: true;
  readonly success: {
    readonly status: 200 | 201 | 204;
    readonly schema?: keyof BodySchemas;
    /** Whether the answer has an ETag. */
    readonly tagged?: true;
    /** Whether the answer says where what was made is. */
    readonly located?: true;
  };
  readonly refusals: readonly ProblemKind[];
  run(call: Call<unknown, unknown>, ports: AdminPorts): Promise<Result<Answer, AdminProblem>>;
}

/** A call that has passed the guard and whose query and body fit their schemas. */
export interface Call<Query, Body> {
  readonly parameter: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
  readonly ifMatch: readonly string[] | undefined;
  /** The client whose token it came with. */
  readonly clientId: string;
  readonly idempotencyKey: string | undefined;
  /** The request as text, to tell whether it is the same one again. */
  readonly content: string;
}

export interface Answer {
  /** What was made or changed, for the log. Left out: what the URL names. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A value that fits the schema of that name, or any value where none is named. */
type Shape<Schemas extends Record<string, TSchema>, Name extends keyof Schemas> = [Name] extends [never]
  ? unknown
  : Static<Schemas[Name]>;

type TypedOperation<Query extends keyof QuerySchemas, Body extends keyof BodySchemas> = Omit<
  Operation,
  "query" | "body" | "run"
> & {
  readonly query?: Query;
  readonly body?: Body;
  run(
    call: Call<Shape<QuerySchemas, Query>, Shape<BodySchemas, Body>>,
    ports: AdminPorts,
  ): Promise<Result<Answer, AdminProblem>>;
};

/** An operation whose work sees its query and body by the types of their schemas. The routes check them first. */
export const operation = <Query extends keyof QuerySchemas = never, Body extends keyof BodySchemas = never>(
  typed: TypedOperation<Query, Body>,
): Operation => ({
  ...typed,
  run: (call, ports) => typed.run(call as Call<Shape<QuerySchemas, Query>, Shape<BodySchemas, Body>>, ports),
});
