import type { StoredWithChange } from "@carnet/core/audit/recorder";
import type { Client } from "@carnet/core/client/client";
import { defaultOwner, type Owner, openPolicy } from "@carnet/core/owner/owner";
import type { OwnerStore } from "@carnet/core/owner/owner-store";
import { MemoryEventStore } from "./memory-event-store.ts";

/** Owners in a map. Deletes an owner that still has clients. */
export class MemoryOwnerStore implements OwnerStore {
  readonly #owners = new Map<string, Owner>([[defaultOwner, ownerOf(defaultOwner)]]);
  readonly #events: MemoryEventStore;
  readonly #clients: () => readonly Client[];

  constructor(events: MemoryEventStore = new MemoryEventStore(), clients: () => readonly Client[] = () => []) {
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

  async insert(owner: Owner, { event }: StoredWithChange): Promise<"inserted" | "taken"> {
    if (this.#owners.has(owner.name)) return "taken";
    this.#owners.set(owner.name, owner);
    this.#events.insert(event);
    return "inserted";
  }

  async replace(next: Owner, { event }: StoredWithChange): Promise<"replaced" | "changed"> {
    if (this.#owners.get(next.name)?.version !== next.version - 1) return "changed";
    this.#owners.set(next.name, next);
    this.#events.insert(event);
    return "replaced";
  }

  async delete(owner: Owner, { event }: StoredWithChange): Promise<"deleted" | "changed"> {
    if (this.#owners.get(owner.name)?.version !== owner.version) return "changed";
    this.#owners.delete(owner.name);
    this.#events.insert(event);
    return "deleted";
  }

  async countClients(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const owned = this.#clients().filter(({ role, owner }) => role === null && names.includes(owner));
    return new Map([...Map.groupBy(owned, ({ owner }) => owner)].map(([name, clients]) => [name, clients.length]));
  }
}

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
