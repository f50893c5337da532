import type { CataloguedScope, ScopeStore } from "@carnet/core/scope/scope-catalogue";

/** A scope catalogue in a map. Does not know which scopes clients have. */
export class MemoryScopeStore implements ScopeStore {
  readonly #scopes = new Map<string, CataloguedScope>();

  async list(): Promise<readonly CataloguedScope[]> {
    return [...this.#scopes.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async put(scope: CataloguedScope): Promise<void> {
    this.#scopes.set(scope.name, scope);
  }

  async delete(name: string): Promise<"deleted" | "missing"> {
    return this.#scopes.delete(name) ? "deleted" : "missing";
  }
}
