import { type Address, type Cidr, parseCidr } from "@carnet/protocol/cidr";
import type { ClientId } from "@carnet/protocol/ids";
import type { ClientSecret } from "./client-secret.ts";

/**
 * What a client is and whether it may act now. Apart from the token endpoint, because registration and administration
 * know clients too.
 */
export interface Client extends ClientSettings {
  readonly clientId: ClientId;
  /** Of whom the client acts for; fixed at registration. */
  readonly workspace: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Goes up by one with each change. */
  readonly version: number;
  readonly secrets: readonly ClientSecret[];
}

/** What of a client can be changed. */
export interface ClientSettings {
  readonly clientName: string | null;
  /** The user that the client acts as. Another one ends all secrets. */
  readonly username: string | null;
  /** In the registered order, which every answer keeps. */
  readonly scopes: readonly string[];
  readonly scopePolicy: ScopePolicy;
  readonly status: ClientStatus;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
  /** Empty: from anywhere. */
  readonly ipAllowlist: readonly Cidr[];
  /** null: either method. */
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | null;
  /** Seconds; null: as the server is set. */
  readonly accessTokenTtl: number | null;
  /** null: as the server is set. */
  readonly audience: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export const scopePolicies = ["narrow", "strict", "ignore"] as const;
export type ScopePolicy = (typeof scopePolicies)[number];

export const clientStatuses = ["active", "disabled"] as const;
export type ClientStatus = (typeof clientStatuses)[number];

export const tokenEndpointAuthMethods = ["client_secret_basic", "client_secret_post"] as const;
export type TokenEndpointAuthMethod = (typeof tokenEndpointAuthMethods)[number];

/** Why a client that has proven its secret may still not act, or undefined where it may. */
export function hindranceOf(
  client: Pick<Client, "status" | "expiresAt" | "ipAllowlist">,
  now: number,
  address: Address | undefined,
): ClientHindrance | undefined {
  // Every check is made whatever the others say, an empty allow list included: the work must not tell them apart
  const allowlist = client.ipAllowlist.length > 0 ? client.ipAllowlist : anyBlocks;
  const disabled = client.status === "disabled";
  const expired = client.expiresAt !== null && client.expiresAt <= now;
  const inside = allowlist.some((block) => address !== undefined && block.contains(address));
  if (disabled) return "client_disabled";
  if (expired) return "client_expired";
  if (!inside && client.ipAllowlist.length > 0) return "address_not_allowed";
  return undefined;
}

/** Looked through in place of an empty list, whatever comes of it: as much work as a list of one block. */
const anyBlocks = ["192.0.2.0/24", "2001:db8::/32"].flatMap((text): Cidr[] => {
  const block = parseCidr(text);
  return block.ok ? [block.value] : [];
});

export type ClientHindrance = "client_disabled" | "client_expired" | "address_not_allowed";
