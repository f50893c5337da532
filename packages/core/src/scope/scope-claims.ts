import type { StaticClaims } from "@carnet/protocol/static-claims";
import type { ScopeStore } from "./scope-catalogue.ts";

/**
 * The claims of the scopes that have any, in memory, because every token needs them. As old as the last successful
 * `refresh`.
 */
export class ScopeClaims {
  readonly #store: Pick<ScopeStore, "claims">;
  #byScope: ReadonlyMap<string, StaticClaims> = new Map();
  #reading: Promise<void> = Promise.resolve();

  constructor(store: Pick<ScopeStore, "claims">) {
    this.#store = store;
  }

  get byScope(): ReadonlyMap<string, StaticClaims> {
    return this.#byScope;
  }

  /** Reads the claims, after any read in progress, which may have started before the latest change. */
  refresh(): Promise<void> {
    const read = async (): Promise<void> => {
      this.#byScope = await this.#store.claims();
    };
    this.#reading = this.#reading.then(read, read);
    return this.#reading;
  }
}
