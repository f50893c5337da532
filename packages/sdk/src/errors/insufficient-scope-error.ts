import { CarnetError } from "./carnet-error.ts";

/** What was asked for and what was not granted of it. */
export interface ScopeGap {
  readonly missing: readonly string[];
  readonly granted: readonly string[];
}

/** The server granted less than the caller said it needs (`requireScopes`). */
export class InsufficientScopeError extends CarnetError<ScopeGap> {
  /** The scopes that were asked for and not granted. */
  declare readonly missing: readonly string[];
  /** The scopes that were granted. */
  declare readonly granted: readonly string[];

  get code() {
    return "InsufficientScopeError" as const;
  }
}
