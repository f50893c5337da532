/** Requests that between them get every answer that the service can be made to give, as data. */
export interface Ask {
  readonly of: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly expected: number;
  /** In which state the service is. */
  readonly on: State;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
}

export type State = "running" | "past the sunset" | "without its tables" | "without a clock" | "told to stop";

/** The clients that the requests name. */
export const clients = [
  { client_id: "either-way", client_secret: "either-way-secret-0123456789", scope: "file:read file:write" },
  {
    ...{ client_id: "basic-only", client_secret: "basic-only-secret-0123456789", scope: "file:read" },
    token_endpoint_auth_method: "client_secret_basic",
  },
] as const;

const [{ client_id, client_secret }, basicOnly] = clients;
const form = { client_id, client_secret, grant_type: "client_credentials" } as const;
const deprecatedPath = "/iam/v1/oauth2/token";

export const asks: readonly Ask[] = [
  ...["/oauth2/token", deprecatedPath].flatMap(tokenAsks),
  { of: "a form after the sunset", method: "POST", path: deprecatedPath, expected: 410, on: "past the sunset", form },
  ...[
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth2/jwks",
    "/openapi.json",
  ].flatMap((path) => [
    get("a reader", path, 200),
    { ...get("a reader that knows it", path, 304), headers: { "If-None-Match": "*" } },
  ]),
  get("a probe", "/health/live", 200),
  get("a probe", "/health/ready", 200),
  { ...get("a probe", "/health/ready", 503), on: "without its tables" },
];

function tokenAsks(path: string): readonly Ask[] {
  const post = (of: string, expected: number, changes: Readonly<Record<string, string>>): Ask => ({
    ...{ of, method: "POST", path, expected, on: "running", form: { ...form, ...changes } },
  });
  return [
    post("a form", 200, {}),
    post("a form with a scope", 200, { scope: "file:read" }),
    { ...post("a form with a version", 200, {}), headers: { "X-Version": "2022-01-01" } },
    post("a form without a grant", 400, { grant_type: "" }),
    post("a form with another grant", 400, { grant_type: "password" }),
    post("a form with another scope", 400, { scope: "other" }),
    post("a form where Basic is needed", 400, {
      client_id: basicOnly.client_id,
      client_secret: basicOnly.client_secret,
    }),
    { ...post("a form with a version that is none", 400, {}), headers: { "X-Version": "yesterday" } },
    post("a form with a wrong secret", 401, { client_secret: "wrong" }),
    post("a form that is too large", 413, { client_id: "x".repeat(70_000) }),
    { ...post("a form", 500, {}), on: "without a clock" },
    { ...post("a form", 503, {}), on: "told to stop" },
  ];
}

function get(of: string, path: string, expected: number): Ask {
  return { of, method: "GET", path, expected, on: "running" };
}
