import type { RoleName } from "@carnet/protocol/admin/roles";
import type { ClientId, RevocationHandle } from "@carnet/protocol/ids";
import type { StaticClaims } from "@carnet/protocol/static-claims";
import type { Address, Cidr } from "./cidr.ts";
import type { ClientSecret } from "./client-secret.ts";

/**
 * A client, and whether it may act now. Separate from the token endpoint, because administration needs it too.
 */
export interface Client extends ClientSettings {
  readonly clientId: ClientId;
  /** Names the client in tokens and in the revocation feed. Registering the same id again, or revoking all of its tokens, gives another. */
  readonly handle: RevocationHandle;
  /** The workspace that the client acts for; fixed at registration. */
  readonly workspace: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Incremented by each change. */
  readonly version: number;
  readonly secrets: readonly ClientSecret[];
}

/**
 * The settings of a client. All can be changed. The compiler finds most of what a new one needs. It does not find the
 * migration, the schemas in `protocol/admin/clients.ts`, and `TokenClient`, if the token endpoint reads it.
 */
export interface ClientSettings {
  readonly clientName: string | null;
  /** The name of the owner that the client belongs to. */
  readonly owner: string;
  /** What it may do as an admin client. null: it is none. Admin clients, and no others, have the audience of the admin API. */
  readonly role: RoleName | null;
  /** The owners that the role is bound to. null: all, or no role. */
  readonly roleOwners: readonly string[] | null;
  /** The user that the client acts as. Changing it revokes all secrets. */
  readonly username: string | null;
  /** In the order of registration, which answers keep. */
  readonly scopes: readonly string[];
  readonly scopePolicy: ScopePolicy;
  readonly status: ClientStatus;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null;
  /** Empty: any address. */
  readonly ipAllowlist: readonly Cidr[];
  /** null: either method. */
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | null;
  /** Seconds; null: the server's default. */
  readonly accessTokenTtl: number | null;
  /** null: the server's default. */
  readonly audience: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** What its tokens say besides our own claims. */
  readonly claims: StaticClaims;
}

/** The owner to show for a client. null: an admin client, which belongs to no owner, whatever is stored. */
export const shownOwner = ({ owner, role }: Pick<Client, "owner" | "role">): string | null =>
  role === null ? owner : null;

export const scopePolicies = ["narrow", "strict", "ignore"] as const;
export type ScopePolicy = (typeof scopePolicies)[number];

export const clientStatuses = ["active", "disabled"] as const;
export type ClientStatus = (typeof clientStatuses)[number];

export const tokenEndpointAuthMethods = ["client_secret_basic", "client_secret_post"] as const;
export type TokenEndpointAuthMethod = (typeof tokenEndpointAuthMethods)[number];

export type ClientIneligibility = "client_disabled" | "client_expired" | "address_not_allowed";

/** Why a client with a valid secret may still not act, or undefined if it may. */
export function ineligibility(
  client: Pick<Client, "status" | "expiresAt" | "ipAllowlist">,
  now: number,
  address: Address | undefined,
): ClientIneligibility | undefined {
  if (client.status === "disabled") return "client_disabled";
  if (client.expiresAt !== null && client.expiresAt <= now) return "client_expired";
  if (client.ipAllowlist.length === 0) return undefined;
  const inside = client.ipAllowlist.some((block) => address !== undefined && block.contains(address));
  return inside ? undefined : "address_not_allowed";
}
