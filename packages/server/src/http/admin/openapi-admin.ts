import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { Problem, type ProblemKind, problems } from "@carnet/protocol/admin/problems";
import type { TSchema } from "typebox";
import { adminOperations } from "./admin-routes.ts";
import type { Operation } from "./operation.ts";

/** The admin API's part of the OpenAPI description, made from the operations that serve it. */
export const adminPaths = (): Readonly<Record<string, Readonly<Record<string, unknown>>>> => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of adminOperations) {
    const path = `${adminPath}${operation.path.replace(/:(\w+)/g, "{$1}")}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return paths;
};

export const adminSchemas = { Problem };

export const adminSecuritySchemes = {
  adminToken: {
    type: "oauth2",
    description: "A token of this very server, made out for the audience of its admin API.",
    flows: {
      clientCredentials: {
        tokenUrl: "/oauth2/token",
        scopes: {
          [adminScopes.readClients]: "Look at clients, secrets and the scope catalogue",
          [adminScopes.writeClients]: "Register and change them",
        },
      },
    },
  },
};

/** What any operation can be refused with. */
const always = ["malformed", "unauthorized", "insufficient_scope", "fault", "unavailable"] as const;

function describe(operation: Operation) {
  const { operationId, tag, summary, description, scope, body, success } = operation;
  const kinds: readonly ProblemKind[] = [
    ...always,
    ...operation.refusals,
    ...(body === undefined ? [] : (["unsupported_media_type", "too_large", "invalid"] as const)),
  ];
  const refusals = Map.groupBy(new Set(kinds), (kind) => problems[kind].status);
  return {
    tags: [tag],
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    security: [{ adminToken: [scope] }],
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [bodyType(operation)]: { schema: body } } } }),
    responses: {
      [success.status]: {
        description: "Done.",
        ...(success.schema === undefined ? {} : { content: { "application/json": { schema: success.schema } } }),
      },
      ...Object.fromEntries(
        [...refusals].map(([status, sameStatus]) => [
          status,
          {
            description: sameStatus.map((kind) => `\`${kind}\`: ${problems[kind].title}.`).join(" "),
            content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
          },
        ]),
      ),
    },
  };
}

const bodyType = ({ method }: Operation): string =>
  method === "PATCH" ? "application/merge-patch+json" : "application/json";

const pathParameters = ({ path }: Operation) =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));

function queryParameters({ query }: Operation) {
  const properties: Readonly<Record<string, TSchema>> =
    query !== undefined && "properties" in query ? (query.properties as Record<string, TSchema>) : {};
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
}

function headerParameters({ repeatable, conditional }: Operation) {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...(repeatable
      ? [header("Idempotency-Key", "The same key again, for a day: the first answer again, and nothing is done twice.")]
      : []),
    ...(conditional
      ? [header("If-Match", "The ETag of the client as it was read: refused with 412 if it was changed since.")]
      : []),
  ];
}
