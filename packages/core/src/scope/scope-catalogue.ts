import { err, ok, type Result } from "@carnet/protocol/result";
import { parseScope } from "@carnet/protocol/scope";
import { type AdminProblem, invalid, problem } from "../admin-problem.ts";
import { label } from "../client/fields.ts";

/** A scope that clients can be given, with a description of what it allows. */
export interface CataloguedScope {
  readonly name: string;
  readonly description: string;
}

/** Stores the catalogue. */
export interface ScopeStore {
  list(): Promise<readonly CataloguedScope[]>;
  put(scope: CataloguedScope): Promise<void>;
  /** `used`: a client is registered for it. */
  delete(name: string): Promise<"deleted" | "missing" | "used">;
}

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
    return names.filter((name) => !known.has(name));
  }

  list(): Promise<readonly CataloguedScope[]> {
    return this.#store.list();
  }

  /** Adds a scope or changes its description. Refuses with `invalid`. */
  async put(scope: CataloguedScope): Promise<Result<CataloguedScope, AdminProblem>> {
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
    await this.#store.put(scope);
    return ok(scope);
  }

  /** Removes a scope. Refuses with `not_found`, or with `in_use` while a client is registered for it. */
  async delete(name: string): Promise<Result<undefined, AdminProblem>> {
    switch (await this.#store.delete(name)) {
      case "deleted":
        return ok(undefined);
      case "missing":
        return problem("not_found", "the catalogue has no such scope");
      case "used":
        return err({
          kind: "in_use",
          detail: "a client is registered for this scope: remove it from the client first",
        });
    }
  }
}
