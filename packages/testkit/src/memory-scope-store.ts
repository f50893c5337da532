import type { StoredWithChange } from "@carnet/core/audit/recorder";
import { type CataloguedScope, outgrowsOthers, type ScopeStore } from "@carnet/core/scope/scope-catalogue";
import { hasClaims } from "@carnet/protocol/static-claims";
import { MemoryEventStore } from "./memory-event-store.ts";

/** A scope catalogue in a map. Does not know which scopes and claims clients have. */
export class MemoryScopeStore implements ScopeStore {
  readonly #scopes = new Map<string, CataloguedScope>();
  readonly #events: MemoryEventStore;

  constructor(events: MemoryEventStore = new MemoryEventStore()) {
    this.#events = events;
  }

  async list(): Promise<readonly CataloguedScope[]> {
    return [...this.#scopes.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async claims(): ReturnType<ScopeStore["claims"]> {
    const withClaims = [...this.#scopes.values()].filter(({ claims }) => hasClaims(claims));
    return new Map(withClaims.map(({ name, claims }) => [name, claims]));
  }

  async existing(names: readonly string[]): Promise<readonly string[]> {
    return names.filter((name) => this.#scopes.has(name));
  }

  async put(
    scope: CataloguedScope,
    before: CataloguedScope | null,
    { event }: StoredWithChange,
  ): Promise<"put" | "changed"> {
    if (!isSame(this.#scopes.get(scope.name), before ?? undefined)) return "changed";
    if (outgrowsOthers(scope, before, await this.claims())) return "changed";
    this.#scopes.set(scope.name, scope);
    this.#events.insert(event);
    return "put";
  }

  async delete(scope: CataloguedScope, { event }: StoredWithChange): Promise<"deleted" | "changed"> {
    if (!isSame(this.#scopes.get(scope.name), scope)) return "changed";
    this.#scopes.delete(scope.name);
    this.#events.insert(event);
    return "deleted";
  }
}

const isSame = (left: CataloguedScope | undefined, right: CataloguedScope | undefined): boolean =>
  left?.description === right?.description && JSON.stringify(left?.claims) === JSON.stringify(right?.claims);
