/** A request that gets one of the documented responses. Together they get all of them. */
export interface SampleRequest {
  readonly title: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly expected: number;
  /** The state of the service. */
  readonly state: State;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** The client whose token is sent. */
  readonly as?: { readonly clientId: string; readonly clientSecret: string };
}

export type State =
  | "running"
  | "past the sunset"
  | "without its tables"
  | "without a clock"
  | "draining"
  | "with a feed by token";

/** The clients that the requests use. */
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

export const sampleRequests: readonly SampleRequest[] = [
  ...["/oauth2/token", deprecatedPath].flatMap(tokenRequests),
  ...["/oauth2/introspect", "/oauth2/revoke"].flatMap(tokenQueries),
  {
    title: "a form after the sunset",
    method: "POST",
    path: deprecatedPath,
    expected: 410,
    state: "past the sunset",
    form,
  },
  ...[
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth2/jwks",
    "/oauth2/revocations",
    "/openapi.json",
  ].flatMap((path) => [
    get("a reader", path, 200),
    { ...get("a reader that has it cached", path, 304), headers: { "If-None-Match": "*" } },
  ]),
  { ...get("a stranger", "/oauth2/revocations", 401), state: "with a feed by token" },
  {
    ...get("a client without the scope", "/oauth2/revocations", 403),
    state: "with a feed by token",
    as: { clientId: client_id, clientSecret: client_secret },
  },
  { ...get("a reader", "/oauth2/revocations", 503), state: "without its tables" },
  get("a browser", "/", 200),
  get("a probe", "/health/live", 200),
  get("a probe", "/health/ready", 200),
  { ...get("a probe", "/health/ready", 503), state: "without its tables" },
];

function tokenRequests(path: string): readonly SampleRequest[] {
  const post = (title: string, expected: number, changes: Readonly<Record<string, string>>): SampleRequest => ({
    ...{ title, method: "POST", path, expected, state: "running", form: { ...form, ...changes } },
  });
  return [
    post("a form", 200, {}),
    post("a form with a scope", 200, { scope: "file:read" }),
    { ...post("a form with a version", 200, {}), headers: { "X-Version": "2022-01-01" } },
    post("a form without a grant", 400, { grant_type: "" }),
    post("a form with another grant", 400, { grant_type: "password" }),
    post("a form with another scope", 400, { scope: "other" }),
    post("a form from a client that must use Basic", 400, {
      client_id: basicOnly.client_id,
      client_secret: basicOnly.client_secret,
    }),
    { ...post("a form with an invalid version", 400, {}), headers: { "X-Version": "yesterday" } },
    post("a form with a wrong secret", 401, { client_secret: "wrong" }),
    {
      ...post("a form with a wrong secret in Basic", 401, { client_id: "", client_secret: "" }),
      headers: { Authorization: `Basic ${btoa(`${client_id}:wrong`)}` },
    },
    post("a form that is too large", 413, { client_id: "x".repeat(70_000) }),
    { ...post("a form", 500, {}), state: "without a clock" },
    { ...post("a form", 503, {}), state: "draining" },
  ];
}

function tokenQueries(path: string): readonly SampleRequest[] {
  const query = { client_id, client_secret, token: "x.y.z" };
  const post = (title: string, expected: number, changes: Readonly<Record<string, string>>): SampleRequest => ({
    ...{ title, method: "POST", path, expected, state: "running", form: { ...query, ...changes } },
  });
  return [
    post("a token", 200, {}),
    post("no token", 400, { token: "" }),
    post("a token from a client that must use Basic", 400, {
      client_id: basicOnly.client_id,
      client_secret: basicOnly.client_secret,
    }),
    post("a token with a wrong secret", 401, { client_secret: "wrong" }),
    {
      ...post("a token with a wrong secret in Basic", 401, { client_id: "", client_secret: "" }),
      headers: { Authorization: `Basic ${btoa(`${client_id}:wrong`)}` },
    },
    post("a token that is too large", 413, { token: "x".repeat(70_000) }),
    { ...post("a token", 500, {}), state: "without a clock" },
    { ...post("a token", 503, {}), state: "draining" },
  ];
}

function get(title: string, path: string, expected: number): SampleRequest {
  return { title, method: "GET", path, expected, state: "running" };
}
