import { parseCidr } from "@carnet/core/client/cidr";
import type { Client } from "@carnet/core/client/client";
import type { ClientSecret } from "@carnet/core/client/client-secret";
import { defaultSettings } from "@carnet/core/client/client-settings";
import { drawHandle } from "@carnet/core/client/draw";
import { firstPepper } from "@carnet/core/pepper/pepper";
import { type ClientId, parseClientId, parseSecretId } from "@carnet/protocol/ids";
import type { Result } from "@carnet/protocol/result";
import { SeededRandom } from "./seeded-random.ts";

/** Clients to fill a store with. No two of their secrets share an id or a digest. */

let secretsMade = 0;
const random = new SeededRandom();

/** Without methods, and without the order of secrets, which a store may change. */
export const comparable = (client: Client) => ({
  ...client,
  ipAllowlist: client.ipAllowlist.map(({ text }) => text),
  secrets: client.secrets
    .map((secret) => ({ ...secret, digest: [...secret.digest] }))
    .sort((left, right) => (left.secretId < right.secretId ? -1 : 1)),
});

export const fullClient: Client = {
  clientId: clientIdOf("full client"),
  handle: drawHandle(random),
  owner: "payments",
  role: null,
  roleOwners: null,
  clientName: 'Ключ 🔑 "quoted" \\ %',
  scopes: ["file:write", "file:read", "data_tables|r"],
  scopePolicy: "strict",
  status: "disabled",
  expiresAt: Date.UTC(2100, 0, 31, 12, 30, 15, 999),
  ipAllowlist: ["203.0.113.0/24", "2001:db8::/32"].map((block) => take(parseCidr(block))),
  tokenEndpointAuthMethod: "client_secret_post",
  accessTokenTtl: 86_400,
  workspace: "QWNjb3VudB82Nzg",
  username: "the user",
  audience: "https://api.example.test",
  labels: { team: "платежи", "managed-by": "hand", empty: "" },
  claims: { groups: ["a", "b"], limits: { "per minute": 60, region: "Zürich 🔑" }, tier: "gold" },
  createdAt: Date.UTC(2026, 10, 21),
  updatedAt: Date.UTC(2026, 10, 22),
  version: 7,
  secrets: [
    { ...secretOf("full1"), kind: "generated", expiresAt: Date.UTC(2099, 0, 1) },
    {
      ...secretOf("full3"),
      label: "Nightly",
      notBefore: 5,
      idle: { since: 6, after: 7 },
      revokedAt: 8,
      lastUse: { at: 9, from: "2001:db8::1" },
    },
    { ...secretOf("full2"), digest: Uint8Array.from({ length: 32 }, (_, at) => 255 - at) },
  ],
};

export function plainClient(clientId: string): Client {
  return {
    clientId: clientIdOf(clientId),
    handle: drawHandle(random),
    ...defaultSettings,
    workspace: null,
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    secrets: [secretOf(clientId)],
  };
}

export function secretOf(name: string): ClientSecret {
  const tail = `${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}${secretsMade++}`;
  return {
    secretId: take(parseSecretId(tail.padStart(16, "0"))),
    handle: drawHandle(random),
    label: null,
    kind: "imported",
    digest: Uint8Array.from({ length: 32 }, (_, at) => (secretsMade >> (8 * (at % 4))) & 0xff),
    pepper: firstPepper,
    mustBeUsedBy: null,
    createdAt: 1,
    notBefore: null,
    expiresAt: null,
    idle: null,
    revokedAt: null,
    lastUse: null,
  };
}

export function clientIdOf(text: string): ClientId {
  return take(parseClientId(text));
}

function take<Value>(result: Result<Value, string>): Value {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
