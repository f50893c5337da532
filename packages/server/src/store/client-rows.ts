import { BoundedCache } from "@carnet/core/bounded-cache";
import {
  type Client,
  type ClientSecret,
  clientStatuses,
  scopePolicies,
  secretKinds,
  tokenEndpointAuthMethods,
} from "@carnet/core/client/client";
import { type Cidr, parseCidr } from "@carnet/protocol/cidr";
import type { ClientId } from "@carnet/protocol/ids";
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

/** Turns a row of `clients` and its secrets' rows into a client. Throws where a value is none that this version wrote. */
export type ClientReader = (row: ClientRow, secrets: readonly SecretRow[]) => Client;

/**
 * A reader that takes the same time for each client. To parse scopes and address blocks takes longer than all the rest
 * of a reading, and so would tell a client that has many from one that has few, and from one that does not exist:
 * each text is parsed when it is first met and then remembered.
 */
export function createClientReader(rememberedTexts: number): ClientReader {
  const scopes = remembered(rememberedTexts, (text) => read("scope", parseScope(text)));
  const blocks = remembered(rememberedTexts, (text) =>
    text === "" ? [] : text.split(" ").map((block) => read("ip_allowlist", parseCidr(block))),
  );
  return (row, secrets) => toClient(row, { scopes: scopes(row.scope), blocks: blocks(row.ip_allowlist), secrets });
}

function remembered<Value>(capacity: number, parse: (text: string) => Value): (text: string) => Value {
  const parsed = new BoundedCache<string, Value>(capacity);
  return (text) => {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const value = parse(text);
    parsed.set(text, value);
    return value;
  };
}

interface ClientParts {
  readonly scopes: readonly string[];
  readonly blocks: readonly Cidr[];
  readonly secrets: readonly SecretRow[];
}

function toClient(row: ClientRow, { scopes, blocks, secrets }: ClientParts): Client {
  return {
    clientId: row.client_id,
    clientName: row.client_name,
    scopes,
    scopePolicy: choice("scope_policy", scopePolicies, row.scope_policy),
    status: choice("status", clientStatuses, row.status),
    expiresAt: row.expires_at,
    ipAllowlist: blocks,
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
  secretId: row.secret_id,
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
