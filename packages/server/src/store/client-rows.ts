import {
  type Client,
  type ClientSecret,
  clientStatuses,
  scopePolicies,
  secretKinds,
  tokenEndpointAuthMethods,
} from "@carnet/core/client/client";
import { decoyClient } from "@carnet/core/client/decoy-client";
import { parseCidr } from "@carnet/protocol/cidr";
import { type ClientId, parseClientId, parseSecretId, type SecretId } from "@carnet/protocol/ids";
import type { Result } from "@carnet/protocol/result";
import { formatScope, parseScope } from "@carnet/protocol/scope";
import type { Selectable } from "kysely";
import type { Tables } from "./schema.ts";

export type ClientRow = Selectable<Tables["clients"]>;
export type SecretRow = Selectable<Tables["client_secrets"]>;

/** A client as a row of `clients`. */
export const toClientRow = (client: Client): ClientRow => ({
  client_id: client.clientId,
  client_name: client.clientName,
  scope: formatScope(client.scopes),
  scope_policy: client.scopePolicy,
  status: client.status,
  expires_at: client.expiresAt,
  ip_allowlist: client.ipAllowlist.map((block) => block.text).join(" "),
  token_endpoint_auth_method: client.tokenEndpointAuthMethod,
  access_token_ttl: client.accessTokenTtl,
  workspace: client.workspace,
  created_at: client.createdAt,
});

export const toSecretRow = (clientId: ClientId, secret: ClientSecret): SecretRow => ({
  secret_id: secret.secretId,
  client_id: clientId,
  kind: secret.kind,
  digest: secret.digest,
  salt: secret.salt,
  created_at: secret.createdAt,
  expires_at: secret.expiresAt,
});

/** A row of `clients` and its secrets' rows as a client. Throws where a value is none that this version wrote. */
export function toClient(row: ClientRow, secrets: readonly SecretRow[]): Client {
  const decoy = row.client_id === decoyClient.clientId;
  return {
    clientId: decoy ? decoyClient.clientId : read("client_id", parseClientId(row.client_id)),
    clientName: row.client_name,
    scopes: read("scope", parseScope(row.scope)),
    scopePolicy: choice("scope_policy", scopePolicies, row.scope_policy),
    status: choice("status", clientStatuses, row.status),
    expiresAt: row.expires_at,
    ipAllowlist:
      row.ip_allowlist === "" ? [] : row.ip_allowlist.split(" ").map((block) => read("ip_allowlist", parseCidr(block))),
    tokenEndpointAuthMethod:
      row.token_endpoint_auth_method === null
        ? null
        : choice("token_endpoint_auth_method", tokenEndpointAuthMethods, row.token_endpoint_auth_method),
    accessTokenTtl: row.access_token_ttl,
    workspace: row.workspace,
    createdAt: row.created_at,
    secrets: secrets.map(toSecret),
  };
}

const toSecret = (row: SecretRow): ClientSecret => ({
  secretId: row.secret_id === "" ? ("" as SecretId) : read("secret_id", parseSecretId(row.secret_id)),
  kind: choice("kind", secretKinds, row.kind),
  digest: row.digest,
  salt: row.salt,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

function read<Value>(column: string, result: Result<Value, unknown>): Value {
  if (!result.ok) throw new TypeError(`the store holds a ${column} that this version cannot read`);
  return result.value;
}

function choice<Choice extends string>(column: string, choices: readonly Choice[], text: string): Choice {
  const found = choices.find((candidate) => candidate === text);
  if (found === undefined) throw new TypeError(`the store holds a ${column} that this version cannot read`);
  return found;
}
