import { CarnetError } from "./carnet-error.ts";

/** The server granted less than the caller said it needs (`requireScopes`). */
export class InsufficientScopeError extends CarnetError {
  readonly code = "ERR_INSUFFICIENT_SCOPE";
  /** The scopes that were asked for and not granted. */
  readonly missing: readonly string[];
  /** The scopes that were granted. */
  readonly granted: readonly string[];

  constructor(message: string, facts: { readonly missing: readonly string[]; readonly granted: readonly string[] }) {
    super(message);
    this.missing = facts.missing;
    this.granted = facts.granted;
  }

  override get name(): string {
    return "InsufficientScopeError";
  }
}
