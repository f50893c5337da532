import { InvalidRequestError } from "../errors/invalid-request-error.ts";

/** Scopes as a list, or as one string with spaces between. */
export type Scopes = string | readonly string[];

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The scopes, each once.
 * @throws {InvalidRequestError} for one that holds other characters than RFC 6749 §3.3 allows
 */
export function scopeSet(field: string, scopes: Scopes): readonly string[] {
  const words = typeof scopes === "string" ? splitScope(scopes) : Array.isArray(scopes) ? scopes : [undefined];
  for (const word of words) {
    if (typeof word !== "string" || !SCOPE_TOKEN.test(word)) {
      const accepted = "visible ASCII without space, quote or backslash (RFC 6749 §3.3)";
      throw new InvalidRequestError(`${field} holds something that is no scope: each must be ${accepted}.`, { field });
    }
  }
  return [...new Set(words)];
}

/** The words of a scope string, in its order. */
export function splitScope(scope: string): string[] {
  return scope.split(" ").filter((word) => word !== "");
}
