import { type Err, err } from "@carnet/protocol/result";
import { noClaims, type StaticClaims } from "@carnet/protocol/static-claims";
import type { AdminProblem } from "../admin-problem.ts";
import type { Client } from "../client/client.ts";
import { type AdminCaller, isPlatformAdmin } from "./admin-caller.ts";

/**
 * A client's claim wins over a scope's. So a team that could set a claim which a scope sets could give its clients what
 * the scope gives to others. Only platform admins set, change or remove such claims of a client.
 */

/** The names of the claims that a change of a client adds, changes or removes. */
export function changedClaims(before: Client | null, after: Client): readonly string[] {
  const [old, next] = [before?.claims ?? noClaims, after.claims];
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  const textOf = (claims: StaticClaims, name: string): string | undefined =>
    Object.hasOwn(claims, name) ? JSON.stringify(claims[name]) : undefined;
  return [...names].filter((name) => textOf(old, name) !== textOf(next, name));
}

/** The claims that a change touches and no scope may set, unless a platform admin makes it. The store checks it again. */
export const claimsOfNoScope = (
  { caller }: { readonly caller: AdminCaller },
  before: Client | null,
  after: Client,
): readonly string[] => (isPlatformAdmin(caller) ? [] : changedClaims(before, after));

export const changesScopeClaims = (
  names: readonly string[],
  { platformContact: contact }: { readonly platformContact: string },
): Err<AdminProblem & { readonly rule: "scope_claim" }> =>
  err({
    kind: "policy",
    rule: "scope_claim",
    detail: `only an admin over all owners may set, change or remove a claim of a client that a scope sets, too: ask ${contact}`,
    contact,
    errors: names.map((name) => ({
      pointer: `/claims/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      detail: "is a claim that a scope sets, which only an admin over all owners may set, change or remove",
    })),
  });
