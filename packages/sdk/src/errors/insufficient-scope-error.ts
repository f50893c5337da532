import { CarnetError } from "./carnet-error.ts";

/** The requested scopes that were not granted, and those that were. */
export interface ScopeGap {
  /** The requested scopes that were not granted. */
  readonly missing: readonly string[];
  /** The granted scopes. */
  readonly granted: readonly string[];
}

/** The server granted fewer scopes than requested, and the caller set `requireScopes`. */
export class InsufficientScopeError extends CarnetError<ScopeGap> {
  /** The requested scopes that were not granted. */
  declare readonly missing: readonly string[];
  /** The granted scopes. */
  declare readonly granted: readonly string[];

  get code() {
    return "InsufficientScopeError" as const;
  }
}
