import type { StoredWithChange } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import type { ClientStore } from "@carnet/core/client/client-store";
import { anyValue, defaultOwner, defaultPolicy, type Owner, type OwnerPolicy } from "@carnet/core/owner/owner";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import { allClients } from "./all-clients.ts";
import { MemoryEventStore } from "./memory-event-store.ts";

/** Owners in a map. Without a store of clients, no owner has any. */
export class MemoryOwnerStore implements OwnerStore {
  readonly #owners = new Map<string, Owner>([[defaultOwner, ownerOf(defaultOwner)]]);
  readonly #events: MemoryEventStore;
  readonly #clients: Pick<ClientStore, "search"> | undefined;

  constructor(events: MemoryEventStore = new MemoryEventStore(), clients?: Pick<ClientStore, "search">) {
    this.#events = events;
    this.#clients = clients;
  }

  async find(name: string): Promise<Owner | undefined> {
    return this.read(name);
  }

  /** For the store of clients, which must not wait between a check and a change. */
  read(name: string): Owner | undefined {
    return this.#owners.get(name);
  }

  async list(): Promise<readonly Owner[]> {
    return [...this.#owners.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async listEnforced(): Promise<readonly Owner[]> {
    return (await this.list()).filter(({ policy }) => policy.enforceFrom !== null);
  }

  async insert(owner: Owner, { event }: StoredWithChange): Promise<"inserted" | "taken"> {
    const names = [...this.#owners.keys()].map((name) => name.toLowerCase());
    if (names.includes(owner.name.toLowerCase())) return "taken";
    this.#owners.set(owner.name, owner);
    this.#events.insert(event);
    return "inserted";
  }

  async replace(next: Owner, { event }: StoredWithChange): Promise<"replaced" | "changed"> {
    const stored = this.#owners.get(next.name);
    if (stored?.version !== next.version - 1 || stored.createdAt !== next.createdAt) return "changed";
    this.#owners.set(next.name, next);
    this.#events.insert(event);
    return "replaced";
  }

  async delete({ name, ...owner }: Owner, { event }: StoredWithChange): Promise<"deleted" | "changed" | "in_use"> {
    const clients = await this.#allClients();
    if (clients.some((client) => client.owner === name || client.roleOwners?.includes(name) === true)) return "in_use";
    const stored = this.#owners.get(name);
    if (stored?.version !== owner.version || stored.createdAt !== owner.createdAt) return "changed";
    this.#owners.delete(name);
    this.#events.insert(event);
    return "deleted";
  }

  async countClients(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counted = (await this.#allClients()).filter(({ owner, role }) => role === null && names.includes(owner));
    return new Map([...Map.groupBy(counted, ({ owner }) => owner)].map(([name, { length }]) => [name, length]));
  }

  async #allClients(): Promise<readonly Client[]> {
    return this.#clients === undefined ? [] : allClients(this.#clients);
  }
}

/** Allows everything, as the policy of an owner that is older than policies. */
export const openPolicy: OwnerPolicy = {
  ...defaultPolicy,
  audiences: [anyValue],
  workspaces: [anyValue],
  usernames: [anyValue],
};

/** An owner whose policy allows everything. */
export const ownerOf = (name: string, changes: Partial<Owner> = {}): Owner => ({
  name,
  description: null,
  contact: null,
  policy: openPolicy,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
  ...changes,
});
