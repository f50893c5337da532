import { adminAudienceName, adminScopes } from "@carnet/protocol/admin/admin-scopes";
import type { RoleName } from "@carnet/protocol/admin/roles";
import type { ClientId, SecretId } from "@carnet/protocol/ids";
import type { StoredWithChange } from "../audit/recorder.ts";
import type { Owner } from "../owner/owner.ts";
import type { Client, ClientStatus } from "./client.ts";
import { type ClientSecret, secretStateAt } from "./client-secret.ts";
import type { SecretMoveStore } from "./secret-moves.ts";
import type { SecretUseStore } from "./secret-uses.ts";

/**
 * Stores clients. Each change is atomic with its event, and durable once its promise is fulfilled. A handle that a change
 * or a deletion takes away from a client, or from a secret that stays, is revoked with it: see `RevocationStore`.
 */
export interface ClientStore extends SecretUseStore, SecretMoveStore {
  find(clientId: ClientId): Promise<Client | undefined>;
  /** Finds the client that has the secret with this digest. Every miss costs the same. */
  findBySecret(digest: Uint8Array): Promise<{ readonly client: Client; readonly secret: ClientSecret } | undefined>;
  /** Names the secret with this digest, from the index alone, so that a hit costs as much as a miss. */
  identify(digest: Uint8Array): Promise<{ readonly clientId: ClientId; readonly secretId: SecretId } | undefined>;
  /** Inserts new clients, all or none, with their event; a second record for the same key is refused. */
  insert(clients: readonly Client[], change: StoredWithClients): Promise<Insertion>;
  /**
   * Replaces a client by its next version, unless it or one of its owners was changed or deleted meanwhile, its new owner
   * is full, or no platform admin would be left. Does not change last uses, nor the digests of secrets that stay.
   */
  replace(next: Client, change: StoredWithClients): Promise<Replacement>;
  /** Deletes a client, unless it was changed since it was read, or no platform admin would be left. */
  delete(
    client: Client,
    change: StoredWithChange & RevocationLimit,
  ): Promise<"deleted" | "changed" | "last_admin" | "too_many_revocations">;
  /** One page of the clients that match a query. */
  search(query: ClientQuery): Promise<ClientPage>;
}

/** How many revocations of handles the clients of an owner may have, including deleted ones. Not set: any number. */
export interface RevocationLimit {
  readonly maxRevocations?: number | undefined;
}

export interface StoredWithClients extends StoredWithChange, RevocationLimit {
  /**
   * The owners that the clients name, as they were when the change was permitted. The change is refused with
   * `owner_changed` if one is different now, and with `owner_full` if one would have more clients than its policy allows.
   */
  readonly owners: readonly Owner[];
  /** Names of claims that no scope may set. The change is refused with `owner_changed` if one does now. */
  readonly claimsOfNoScope?: readonly string[] | undefined;
}

export type Insertion =
  | { readonly kind: "inserted" }
  | { readonly kind: "taken"; readonly clientIds: readonly ClientId[] }
  | { readonly kind: "repeated" }
  | { readonly kind: "owner_changed" }
  | { readonly kind: "owner_full"; readonly owner: Owner };

export type Replacement =
  | "replaced"
  | "changed"
  | "repeated"
  | "owner_changed"
  | "owner_full"
  | "last_admin"
  | "too_many_revocations";

/** Whether two states of an owner are the same one. An owner that was deleted and made again is another. */
export const isSameOwner = (
  left: Pick<Owner, "createdAt" | "version">,
  right: Pick<Owner, "createdAt" | "version"> | undefined,
): boolean => left.createdAt === right?.createdAt && left.version === right.version;

/**
 * Whether a client is a platform admin that can administer now, from every address, and will not lose that as time passes.
 * A store keeps at least one.
 */
export const isUsablePlatformAdmin = (client: Client, now: number): boolean =>
  client.role === "admin" &&
  client.roleOwners === null &&
  client.status === "active" &&
  client.expiresAt === null &&
  client.scopes.includes(adminScopes.writeClients) &&
  client.audience === adminAudienceName &&
  client.ipAllowlist.length === 0 &&
  client.secrets.some((secret) => isLasting(secret, now));

const isLasting = (secret: ClientSecret, now: number): boolean =>
  secret.expiresAt === null && secret.idle === null && secretStateAt(secret, now, null) === "active";

export const clientSortKeys = ["client_id", "client_name", "created_at", "updated_at", "expires_at"] as const;
export type ClientSortKey = (typeof clientSortKeys)[number];

export interface ClientQuery {
  /** Clients of this owner. */
  readonly owner: string | null;
  /** Only what a caller may see: clients of these owners that are no admin clients, and the caller itself. null: everything. */
  readonly visible: { readonly owners: readonly string[]; readonly clientId: ClientId | null } | null;
  /** Admin clients of this role, or of any. */
  readonly role: RoleName | "any" | null;
  readonly status: ClientStatus | null;
  /** Clients registered for this scope. */
  readonly scope: string | null;
  /** Clients that have all of these labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Clients whose id, name or username contains this text; the case of A to Z is ignored. */
  readonly text: string | null;
  /** Clients that end, or have a live secret that ends, before this instant. */
  readonly endingBefore: number | null;
  /**
   * Clients that were created before this instant and got no token since. A client whose secret was deleted can be left
   * out for a day longer, because only its usage by day is known.
   */
  readonly unusedSince: number | null;
  readonly sort: { readonly key: ClientSortKey; readonly descending: boolean };
  /** Start after this place: `next` of the previous page. */
  readonly after: ClientPlace | null;
  readonly limit: number;
}

/** A query for all clients, by id, in pages of a hundred. */
export const everyClient: ClientQuery = {
  owner: null,
  visible: null,
  role: null,
  status: null,
  scope: null,
  labels: {},
  text: null,
  endingBefore: null,
  unusedSince: null,
  sort: { key: "client_id", descending: false },
  after: null,
  limit: 100,
};

/** The place of a client in a sort order: the value that it is sorted by, and its id. */
export interface ClientPlace {
  readonly value: string | number | null;
  readonly clientId: ClientId;
}

export interface ClientPage {
  readonly clients: readonly Client[];
  /** Where the next page starts, if there is one. */
  readonly next: ClientPlace | null;
}
