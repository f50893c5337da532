import { ownScopes } from "@carnet/protocol/admin/admin-scopes";
import { ok, type Result } from "@carnet/protocol/result";
import { parseScope } from "@carnet/protocol/scope";
import {
  foldClaimName,
  largestClaims,
  maxScopeClaims,
  noClaims,
  parseStaticClaims,
  type StaticClaims,
} from "@carnet/protocol/static-claims";
import { type AdminProblem, invalid, problem, problemsUnder } from "../admin-problem.ts";
import { difference } from "../audit/client-changes.ts";
import { type ChangeRecorderPorts, changed, type StoredWithChange } from "../audit/recorder.ts";
import { label } from "../client/fields.ts";
import type { Clock } from "../ports.ts";

/** A scope that clients can be given, with a description of what it allows. */
export interface CataloguedScope {
  readonly name: string;
  readonly description: string;
  /** Of the tokens that are granted the scope. */
  readonly claims: StaticClaims;
}

/** A scope as an operator writes it. */
export interface ScopeInput extends Pick<CataloguedScope, "name" | "description"> {
  /** All of its claims. undefined: they stay as they are; null: none. */
  readonly claims?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Stores the catalogue. Each change is atomic with its event. `changed`: another process changed the scopes meanwhile. */
export interface ScopeStore {
  list(): Promise<readonly CataloguedScope[]>;
  /** Those of the names, at most a hundred, that the catalogue or any client has. */
  existing(names: readonly string[]): Promise<readonly string[]>;
  /** The claims of the scopes that have any. */
  claims(): Promise<ReadonlyMap<string, StaticClaims>>;
  /**
   * Adds a scope (`before` is null), or replaces it while it still is as it was read, and while new claims fit beside those
   * of the others. `claims_used`: a client has a claim with a name that is new among the claims of this scope.
   */
  put(
    scope: CataloguedScope,
    before: CataloguedScope | null,
    change: StoredWithChange,
  ): Promise<"put" | "changed" | "claims_used">;
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

  /** The names of the claims that scopes set, folded. */
  async claimNames(): Promise<ReadonlySet<string>> {
    return new Set([...(await this.#store.claims()).values()].flatMap(Object.keys).map(foldClaimName));
  }

  /**
   * Adds a scope or changes its description and claims, and records the event, if anything differs. Refuses with
   * `invalid`, or with `in_use` if a client has a claim with the name of a new one.
   */
  async put(input: ScopeInput, ports: ScopeChangePorts): Promise<Result<CataloguedScope, AdminProblem>> {
    const names = parseScope(input.name);
    if (!names.ok || names.value.length !== 1 || input.name.includes(" ")) {
      return invalid([
        {
          pointer: "",
          detail: "is not a scope name: use printable ASCII characters without spaces, double quotes and backslashes",
        },
      ]);
    }
    const description = label(input.description);
    if (!description.ok) return invalid([{ pointer: "/description", detail: description.error }]);
    for (;;) {
      const before = await this.#find(input.name);
      const claims = await this.#readClaims(input, before);
      if (!claims.ok) return claims;
      const scope = { name: input.name, description: description.value, claims: claims.value };
      const event = scopeChanged(before, scope, ports);
      if (event.objects.length === 0) return ok(scope);
      const outcome = await this.#store.put(scope, before, { event });
      if (outcome === "claims_used") return claimsUsed(scope, before);
      if (outcome === "changed") continue;
      await ports.recorder.record(event);
      return ok(scope);
    }
  }

  /** The claims that a scope will have. Together with those of the others they must fit into a token. */
  async #readClaims(
    { name, claims: given }: ScopeInput,
    before: CataloguedScope | null,
  ): Promise<Result<StaticClaims, AdminProblem>> {
    if (given === undefined) return ok(before?.claims ?? noClaims);
    const claims = parseStaticClaims(given ?? {}, maxScopeClaims);
    if (!claims.ok) return invalid(problemsUnder("/claims", claims.error));
    const bytes = bytesWith({ name, claims: claims.value }, await this.#store.claims());
    if (bytes <= maxScopeClaims) return claims;
    const detail = `must leave all scopes together with at most ${maxScopeClaims} bytes of claims, and they would have ${bytes}: a token can be granted every scope`;
    return invalid([{ pointer: "/claims", detail }]);
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

/** The bytes of the claims of all scopes together, once a scope has these. */
const bytesWith = (
  { name, claims }: Pick<CataloguedScope, "name" | "claims">,
  ofAll: ReadonlyMap<string, StaticClaims>,
) => largestClaims([...new Map(ofAll).set(name, claims).values()]);

/** Whether the new claims of a scope no longer fit, because another scope got claims since they were checked. */
export const outgrowsOthers = (
  scope: CataloguedScope,
  before: CataloguedScope | null,
  ofAll: ReadonlyMap<string, StaticClaims>,
): boolean =>
  JSON.stringify(scope.claims) !== JSON.stringify(before?.claims ?? noClaims) &&
  bytesWith(scope, ofAll) > maxScopeClaims;

const scopeUsed = problem("in_use", "a client is registered for this scope: remove it from the client first");

function claimsUsed({ claims }: CataloguedScope, before: CataloguedScope | null) {
  const added = Object.keys(claims).filter((name) => !Object.hasOwn(before?.claims ?? {}, name));
  const detail = `a client has a claim of its own with the name ${added.join(" or ")}, and a client's claim would win: remove it from the client first, or use another name`;
  return problem("in_use", detail);
}

function scopeChanged(before: CataloguedScope | null, after: CataloguedScope | null, ports: ScopeChangePorts) {
  const fieldsOf = (scope: CataloguedScope | null) => scope && { description: scope.description, claims: scope.claims };
  const object = { type: "scope", id: (after ?? before)?.name ?? "", clientId: null } as const;
  return changed({ at: ports.clock.now(), objects: difference(object, fieldsOf(before), fieldsOf(after)) }, ports);
}
