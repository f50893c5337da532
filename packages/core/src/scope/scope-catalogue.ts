import { ownScopes } from "@carnet/protocol/admin/admin-scopes";
import { ok, type Result } from "@carnet/protocol/result";
import { parseScope } from "@carnet/protocol/scope";
import { type AdminProblem, invalid, problem } from "../admin-problem.ts";
import { difference } from "../audit/client-changes.ts";
import { type ChangeRecorderPorts, changed, type StoredWithChange } from "../audit/recorder.ts";
import { label } from "../client/fields.ts";
import type { Clock } from "../ports.ts";

/** A scope that clients can be given, with a description of what it allows. */
export interface CataloguedScope {
  readonly name: string;
  readonly description: string;
}

/** Stores the catalogue. Each change is atomic with its event. `changed`: another process changed the scope meanwhile. */
export interface ScopeStore {
  list(): Promise<readonly CataloguedScope[]>;
  /** Those of the names, at most a hundred, that the catalogue or any client has. */
  existing(names: readonly string[]): Promise<readonly string[]>;
  /** Adds a scope (`before` is null), or replaces it while it still is as it was read. */
  put(scope: CataloguedScope, before: CataloguedScope | null, change: StoredWithChange): Promise<"put" | "changed">;
  /** Deletes a scope while it still is as it was read. `used`: a client is registered for it. */
  delete(scope: CataloguedScope, change: StoredWithChange): Promise<"deleted" | "changed" | "used">;
}

export type ScopeChangePorts = ChangeRecorderPorts & { readonly clock: Clock };

/** The scopes that clients can be given. An open catalogue accepts any name; a closed one only those that it lists. */
export class ScopeCatalogue {
  readonly #store: ScopeStore;
  readonly #open: boolean;

  constructor(store: ScopeStore, open: boolean) {
    this.#store = store;
    this.#open = open;
  }

  /** Returns the names that a client cannot be given. */
  async unknown(names: readonly string[]): Promise<readonly string[]> {
    if (this.#open || names.length === 0) return [];
    const known = new Set((await this.#store.list()).map((scope) => scope.name));
    return names.filter((name) => !known.has(name) && !ownScopes.has(name));
  }

  list(): Promise<readonly CataloguedScope[]> {
    return this.#store.list();
  }

  /** Those of the names, at most a hundred, that the catalogue or any client has. */
  existing(names: readonly string[]): Promise<readonly string[]> {
    return this.#store.existing(names);
  }

  /** Adds a scope or changes its description, and records the event, if anything differs. Refuses with `invalid`. */
  async put(scope: CataloguedScope, ports: ScopeChangePorts): Promise<Result<CataloguedScope, AdminProblem>> {
    const names = parseScope(scope.name);
    if (!names.ok || names.value.length !== 1 || scope.name.includes(" ")) {
      return invalid([
        {
          pointer: "",
          detail: "is not a scope name: use printable ASCII characters without spaces, double quotes and backslashes",
        },
      ]);
    }
    const description = label(scope.description);
    if (!description.ok) return invalid([{ pointer: "/description", detail: description.error }]);
    for (;;) {
      const before = await this.#find(scope.name);
      if (before?.description === scope.description) return ok(scope);
      const event = scopeChanged(before, scope, ports);
      if ((await this.#store.put(scope, before, { event })) === "changed") continue;
      await ports.recorder.record(event);
      return ok(scope);
    }
  }

  /**
   * Removes a scope, and records the event. Refuses with `not_found`, or with `in_use` while a client is registered for
   * it.
   */
  async delete(name: string, ports: ScopeChangePorts): Promise<Result<undefined, AdminProblem>> {
    for (;;) {
      const scope = await this.#find(name);
      if (scope === null) return problem("not_found", "the catalogue has no such scope");
      const event = scopeChanged(scope, null, ports);
      const outcome = await this.#store.delete(scope, { event });
      if (outcome === "used") return scopeUsed;
      if (outcome === "changed") continue;
      await ports.recorder.record(event);
      return ok(undefined);
    }
  }

  async #find(name: string): Promise<CataloguedScope | null> {
    return (await this.#store.list()).find((scope) => scope.name === name) ?? null;
  }
}

const scopeUsed = problem("in_use", "a client is registered for this scope: remove it from the client first");

function scopeChanged(before: CataloguedScope | null, after: CataloguedScope | null, ports: ScopeChangePorts) {
  const fieldsOf = (scope: CataloguedScope | null) => scope && { description: scope.description };
  const object = { type: "scope", id: (after ?? before)?.name ?? "", clientId: null } as const;
  return changed({ at: ports.clock.now(), objects: difference(object, fieldsOf(before), fieldsOf(after)) }, ports);
}
