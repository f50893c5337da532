import { decodeJwt } from "jose";
import { type AdminApi, tokenOf } from "../../support/admin-api.ts";
import type { RecordedObject } from "../support/recorded-events.ts";

/** Values that no event may contain. */
export const importedSecret = "imported-secret-0123456789";
export const plantedSecret = "planted-secret-0123456789";

/** What `prepare` made. */
export type Prepared = Readonly<Record<string, unknown>>;

/** A call of an operation that changes something. `name` is a client id of its own. */
export interface ChangeCase {
  readonly operationId: string;
  readonly title: string;
  readonly prepare?: (api: AdminApi, name: string) => Promise<Prepared>;
  readonly call: (name: string, prepared: Prepared) => Call;
}

interface Call {
  readonly path: string;
  readonly query?: string;
  readonly body?: object;
  /** The clients to compare before and after. */
  readonly clients: readonly string[];
  /** What the event says besides what GET shows. */
  readonly revoked?: readonly Omit<RecordedObject, "action">[];
}

const everySetting = {
  client_name: "Nightly export",
  username: "grace",
  scope: "file:read file:write",
  scope_policy: "strict",
  expires_at: "2030-01-01T00:00:00.000Z",
  ip_allowlist: ["127.0.0.0/8"],
  token_endpoint_auth_method: "client_secret_post",
  access_token_ttl: 300,
  audience: "https://api.example.test",
  labels: { team: "search", stage: "live" },
};

const create =
  (settings: object = {}, secrets = 0) =>
  async (api: AdminApi, client_id: string): Promise<Prepared> => {
    const { json } = await api.expect(201, "POST", "/clients", { body: { client_id, ...settings } });
    for (let added = 0; added < secrets; added++)
      await api.expect(201, "POST", `/clients/${client_id}/secrets`, { body: {} });
    return { clientSecret: json["client_secret"], secretId: Object(json["secrets"])[0].secret_id };
  };

const onClient =
  (suffix: string, body?: object): ChangeCase["call"] =>
  (name) => ({ path: `/clients/${name}${suffix}`, clients: [name], ...(body && { body }) });

const allTokens = { tokens: { before: "valid", after: "revoked" } };

const tokensOfClient = (client_id: string) => ({ type: "client", client_id, owner: "default", changes: allTokens });

const tokensOfSecret = (client_id: string, { secretId }: Prepared) => ({
  ...{ type: "secret", id: String(secretId), client_id, owner: "default", changes: allTokens },
});

/** The same case, of a change that revokes all tokens of the client. */
const andTokens =
  (call: ChangeCase["call"]): ChangeCase["call"] =>
  (name, prepared) => ({ ...call(name, prepared), revoked: [tokensOfClient(name)] });

/** A call that revokes tokens. */
const revocation =
  (body: (name: string, prepared: Prepared) => object, revoked: (name: string, prepared: Prepared) => object) =>
  (name: string, prepared: Prepared): Call => ({
    ...{ path: "/revocations", body: body(name, prepared), clients: [name] },
    revoked: [Object(revoked(name, prepared))],
  });

const getToken = async (api: AdminApi, clientId: string): Promise<Prepared> => {
  const { clientSecret } = await create()(api, clientId);
  return { token: await tokenOf(api.service, { clientId, clientSecret: String(clientSecret) }) };
};

const before = "2026-11-21T11:00:00.000Z";
const issuedBefore = { tokens_issued_before: { before: null, after: before } };

const putScope = async (api: AdminApi, name: string): Promise<Prepared> => {
  await api.expect(200, "PUT", `/scopes/${name}`, { body: { description: "Before" } });
  return {};
};

const createOwner = async (api: AdminApi, name: string): Promise<Prepared> => {
  await api.expect(201, "POST", "/owners", { body: { name, ...everyOwnerSetting } });
  return {};
};

const everyOwnerSetting = {
  description: "Before",
  contact: "#before",
  policy: {
    ...{ scope: "file:read", ip_allowlist: ["203.0.113.0/24"], max_token_ttl: 60, max_secret_age: 86_400 },
    ...{ secrets_must_expire: true, max_clients: 5, audiences: ["*"], workspaces: ["W1"], usernames: ["grace"] },
    enforce_from: "2099-01-31",
  },
};

/** At least one for each operation that changes something, except for signing keys. */
export const changeCases: readonly ChangeCase[] = [
  {
    operationId: "createClient",
    title: "with every setting",
    call: (client_id) => ({
      path: "/clients",
      body: { client_id, workspace: "W1", ...everySetting, secret: { label: "First", value: plantedSecret } },
      clients: [client_id],
    }),
  },
  {
    operationId: "createClient",
    title: "with defaults",
    call: (client_id) => ({ path: "/clients", body: { client_id }, clients: [client_id] }),
  },
  {
    operationId: "changeClient",
    title: "every setting",
    prepare: create(),
    call: andTokens(onClient("", everySetting)),
  },
  {
    operationId: "changeClient",
    title: "one setting",
    prepare: create(everySetting),
    call: onClient("", { labels: { team: null, is: "new" } }),
  },
  {
    operationId: "changeClient",
    title: "a username, which revokes every secret",
    prepare: create(everySetting, 2),
    call: andTokens(onClient("", { username: null, expires_at: null })),
  },
  { operationId: "disableClient", title: "a client", prepare: create(), call: andTokens(onClient("/disable")) },
  {
    operationId: "enableClient",
    title: "a client",
    prepare: create({ status: "disabled" }),
    call: onClient("/enable"),
  },
  {
    operationId: "deleteClient",
    title: "a client with two secrets",
    prepare: create(everySetting, 1),
    call: onClient(""),
  },
  {
    operationId: "importClients",
    title: "two clients, beside one that is refused and one that is there already",
    prepare: create({ secret: { value: importedSecret } }),
    call: (name) => ({
      path: "/clients/import",
      body: {
        clients: [
          { client_id: name, secret: { value: importedSecret } },
          { client_id: `${name}-a`, ...everySetting, secret: { value: importedSecret, expires_at: "2030-02-01" } },
          { client_id: `${name}-b`, secret: { value: "short" } },
          { client_id: `${name}-c`, secret: { value: importedSecret } },
        ],
      },
      clients: ["a", "b", "c"].map((suffix) => `${name}-${suffix}`).concat(name),
    }),
  },
  {
    operationId: "addSecret",
    title: "with every field",
    prepare: create(),
    call: onClient("/secrets", { label: "Blue", not_before: "2027-01-01", expires_at: "2028-01-01" }),
  },
  {
    operationId: "rotateSecrets",
    title: "three secrets, which end after a day",
    prepare: create({}, 2),
    call: onClient("/secrets/rotate", { secret: { value: plantedSecret } }),
  },
  {
    operationId: "rotateSecrets",
    title: "a secret, which ends when it is idle",
    prepare: create(),
    call: onClient("/secrets/rotate", { end_old_when_idle_for: 3600 }),
  },
  {
    operationId: "revokeSecret",
    title: "one of two secrets",
    prepare: create({}, 1),
    call: (name, { secretId }) => ({ path: `/clients/${name}/secrets/${secretId}`, clients: [name] }),
  },
  {
    operationId: "revokeSecret",
    title: "one of two secrets, with its tokens",
    prepare: create({}, 1),
    call: (name, prepared) => ({
      ...{ path: `/clients/${name}/secrets/${prepared["secretId"]}`, query: "?with_tokens=true", clients: [name] },
      revoked: [tokensOfSecret(name, prepared)],
    }),
  },
  {
    operationId: "revokeTokens",
    title: "one token",
    prepare: getToken,
    call: revocation(
      (_name, { token }) => ({ token }),
      (client_id, { token }) => ({
        ...{ type: "token", id: decodeJwt(String(token)).jti, client_id, owner: "default" },
        changes: { revoked: { before: false, after: true } },
      }),
    ),
  },
  {
    operationId: "revokeTokens",
    title: "all of a client",
    prepare: create(),
    call: revocation((client_id) => ({ client_id }), tokensOfClient),
  },
  {
    operationId: "revokeTokens",
    title: "all of a secret",
    prepare: create(),
    call: revocation((client_id, { secretId: secret_id }) => ({ client_id, secret_id }), tokensOfSecret),
  },
  {
    operationId: "revokeTokens",
    title: "those of a client from before a time",
    prepare: create(),
    call: revocation(
      (client_id) => ({ client_id, issued_before: before }),
      (client_id) => ({ type: "client", client_id, owner: "default", changes: issuedBefore }),
    ),
  },
  {
    operationId: "revokeTokens",
    title: "those of all clients from before a time",
    prepare: async (api) => ({ issuer: api.service.url }),
    call: revocation(
      () => ({ issued_before: before }),
      (_name, { issuer }) => ({ type: "service", id: issuer, changes: issuedBefore }),
    ),
  },
  {
    operationId: "putScope",
    title: "a new scope",
    call: (name) => ({ path: `/scopes/${name}`, body: { description: "Read tables" }, clients: [] }),
  },
  {
    operationId: "putScope",
    title: "another description",
    prepare: putScope,
    call: (name) => ({ path: `/scopes/${name}`, body: { description: "After" }, clients: [] }),
  },
  {
    operationId: "deleteScope",
    title: "a scope",
    prepare: putScope,
    call: (name) => ({ path: `/scopes/${name}`, clients: [] }),
  },
  {
    operationId: "createOwner",
    title: "with every setting",
    call: (name) => ({ path: "/owners", body: { name, ...everyOwnerSetting }, clients: [] }),
  },
  {
    operationId: "createOwner",
    title: "without a policy",
    call: (name) => ({ path: "/owners", body: { name }, clients: [] }),
  },
  {
    operationId: "changeOwner",
    title: "every setting",
    prepare: createOwner,
    call: (name) => ({
      path: `/owners/${name}`,
      body: { description: null, contact: "#after", policy: null },
      clients: [],
    }),
  },
  {
    operationId: "deleteOwner",
    title: "an owner",
    prepare: createOwner,
    call: (name) => ({ path: `/owners/${name}`, clients: [] }),
  },
];
