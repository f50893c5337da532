import { needs } from "@carnet/core/admin/permission";
import { adminPath, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import { type ProblemKind, problems } from "@carnet/protocol/admin/problem-kinds";
import { Problem } from "@carnet/protocol/admin/problems";
import { roles } from "@carnet/protocol/admin/roles";
import { paths } from "@carnet/protocol/endpoints";
import { adminOperations } from "../admin/admin-routes.ts";
import type { Operation } from "../admin/operation.ts";
import { type BodySchemas, bodySchemas, querySchemas } from "../admin/schemas.ts";
import { bodyExamples, parameterExamples } from "./admin-examples.ts";
import { headersOf } from "./headers.ts";
import { ref } from "./references.ts";

/** Describes the admin API from the operations that serve it, so the two cannot differ. */
export function adminPaths(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const described: Record<string, Record<string, unknown>> = {};
  for (const operation of adminOperations) {
    const path = `${adminPath}${operation.path.replace(/:(\w+)/g, "{$1}")}`;
    described[path] = { ...described[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return described;
}

export const adminTags = [
  { name: "Clients", description: "Register, find, restrict, change and delete clients." },
  { name: "Secrets", description: "Add secrets, rotate them without an outage, and revoke them." },
  { name: "Tokens", description: "Revoke tokens before they expire, and see what is revoked." },
  { name: "Scopes", description: "The catalogue of scopes that clients can be registered for." },
  { name: "Owners", description: "The teams that clients belong to, and what their clients may have." },
  { name: "Keys", description: "Rotate, import, retire and revoke the keys that sign tokens." },
  { name: "Peppers", description: "The key of the digests of client secrets, and its rotation." },
  { name: "Audit", description: "Who did what, and whether the record of it is complete and unaltered." },
];

export const adminSchemas = { ...bodySchemas, Problem };

export const adminSecuritySchemes = {
  adminToken: {
    type: "oauth2",
    description: "A token that this server issued to a client whose audience is its admin API.",
    flows: {
      clientCredentials: {
        tokenUrl: paths.token,
        scopes: {
          [adminScopes.readClients]: "Read clients, secrets and the scope catalogue",
          [adminScopes.writeClients]: "Create, change and delete them",
          [adminScopes.readAudit]: "Read the audit events and the usage of clients",
        },
      },
    },
  },
};

function describe(operation: Operation) {
  const { operationId, tag, summary, scope, body } = operation;
  return {
    tags: [tag],
    operationId,
    summary,
    description: [operation.description, roleNote(operation)].filter((text) => text !== undefined).join(" "),
    security: (scope === null ? Object.values(adminScopes) : [scope]).map((name) => ({ adminToken: [name] })),
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(body === undefined ? {} : { requestBody: requestBody(operation, body) }),
    responses: { [operation.success.status]: done(operation), ...refused(operation) },
  };
}

/** Which role the caller needs, in words. */
function roleNote({ needs: need, allowsSelf }: Operation): string {
  const { roles, owners } = needs[need];
  const role = `Needs the role ${roles.map((name) => `\`${name}\``).join(" or ")}${owners === "all" ? " over all owners" : ""}.`;
  return allowsSelf ? `${role} Each admin client may do this to itself, whatever its role.` : role;
}

const requestBody = (operation: Operation, body: keyof BodySchemas) => ({
  required: true,
  content: { [bodyType(operation)]: { schema: refer(body), example: Reflect.get(bodyExamples, body) } },
});

const refer = (schema: keyof typeof adminSchemas) => ref(schema);

const commonHeaders = { "X-Request-ID": "RequestId", "Cache-Control": "NoStore" } as const;

function done({ success }: Operation) {
  const { schema, tagged, located, streamed } = success;
  const type = streamed ? "application/jsonl" : "application/json";
  return {
    description: streamed ? "Done. Each line has the schema." : "Done.",
    headers: headersOf({
      ...commonHeaders,
      ...(tagged ? { ETag: "EntityTag" as const } : {}),
      ...(located ? { Location: "Location" as const } : {}),
    }),
    ...(schema === undefined ? {} : { content: { [type]: { schema: refer(schema) } } }),
  };
}

/** Refusals that every operation can have. */
const always = ["unauthorized", "insufficient_scope", "fault", "unavailable"] as const;

function refused({ refusals, needs: need, body, query, repeatable }: Operation) {
  const kinds: readonly ProblemKind[] = [
    ...always,
    ...(needs[need].roles.length < roles.length || needs[need].owners === "all"
      ? (["insufficient_role"] as const)
      : []),
    ...refusals,
    ...(body === undefined && query === undefined ? [] : (["invalid"] as const)),
    ...(body === undefined ? [] : (["malformed", "unsupported_media_type", "too_large"] as const)),
    ...(repeatable ? (["malformed", "repeated", "idempotency_key_reused"] as const) : []),
  ];
  const ofStatus = Map.groupBy(new Set(kinds), (kind) => problems[kind].status);
  const answers = [...ofStatus].map(([status, same]) => [
    status,
    {
      description: same.map((kind) => `\`${kind}\`: ${problems[kind].title}.`).join(" "),
      headers: headersOf({
        ...commonHeaders,
        ...(status === 401 ? { "WWW-Authenticate": "BearerChallenge" as const } : {}),
        ...(status === 403 ? { "WWW-Authenticate": "ScopeChallenge" as const } : {}),
        ...(status === 503 ? { "Retry-After": "RetryAfter" as const } : {}),
      }),
      content: { "application/problem+json": { schema: refer("Problem") } },
    },
  ]);
  return Object.fromEntries(answers);
}

const bodyType = ({ method }: Operation): string =>
  method === "PATCH" ? "application/merge-patch+json" : "application/json";

const pathParameters = ({ path }: Operation) =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    example: parameterExamples[name],
  }));

const queryParameters = ({ query }: Operation) =>
  Object.entries(query === undefined ? {} : querySchemas[query].properties).map(([name, schema]) => ({
    name,
    in: "query",
    schema,
  }));

function headerParameters({ repeatable, conditional }: Operation) {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...(repeatable
      ? [
          header(
            "Idempotency-Key",
            "For ten minutes, a repetition with the same key returns the first answer again, secret included. The service keeps that answer encrypted, and deletes it within a minute after that.",
          ),
        ]
      : []),
    ...(conditional
      ? [header("If-Match", "The ETag of what is changed, when it was read. 412 if it was changed since.")]
      : []),
  ];
}
