import { paths, type TokenPath } from "@carnet/protocol/endpoints";

/** The path of a request target, which may be a whole URL (RFC 9112 §3.2.2). */
export const pathOf = (target: string): string => target.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");

/** What follows the question mark of a request target, or "". */
export function queryOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? "" : target.slice(end + 1);
}

/** The token path that a request target names, however it spells it. */
export function tokenPathOf(target: string): TokenPath | undefined {
  if (target === paths.token) return paths.token;
  const path = decoded(pathOf(target));
  return path === paths.token || path === paths.deprecatedToken ? path : undefined;
}

/** RFC 3986 §2.3: a character that needs no escape is the same with one. */
function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
