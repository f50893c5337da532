import { err, ok, type Result } from "./result.ts";

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Why a scope is malformed. Safe to show to the caller, because it does not repeat the text. */
export interface ScopeProblem {
  readonly position: number;
  readonly description: string;
}

/**
 * Parses space-delimited scope names, without duplicates, in the order of their first appearance. Accepts repeated
 * spaces. Does not check whether a client may have the scopes.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
 */
export function parseScope(text: string): Result<readonly string[], ScopeProblem> {
  const names = new Set<string>();
  for (const name of text.split(" ")) {
    if (name === "") continue;
    if (!scopeToken.test(name)) return err(malformed(names.size + 1));
    names.add(name);
  }
  if (names.size === 0 && text !== "") return err(malformed(1));
  return ok([...names]);
}

/** Joins scope names as on the wire. */
export const formatScope = (names: readonly string[]): string => names.join(" ");

const malformed = (position: number): ScopeProblem => ({
  position,
  description:
    `scope name ${position} is malformed: names are separated by spaces and made of printable ASCII characters ` +
    "other than the double quote and the backslash",
});
