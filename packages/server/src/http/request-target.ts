import { type ClientPath, paths, type TokenPath } from "@carnet/protocol/endpoints";

/** The path of a request target, which may be a whole URL (RFC 9112 §3.2.2). */
export const pathOf = (target: string): string => target.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");

/** The query of a request target, without the question mark, or "". */
export function queryOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? "" : target.slice(end + 1);
}

const clientPaths: readonly ClientPath[] = [paths.token, paths.deprecatedToken, paths.introspect, paths.revoke];

export const isTokenPath = (path: ClientPath): path is TokenPath =>
  path === paths.token || path === paths.deprecatedToken;

/** The path of a client's request that a target names, with or without needless escapes (RFC 3986 §2.3). */
export function clientPathOf(target: string): ClientPath | undefined {
  if (target === paths.token) return paths.token;
  const path = decoded(pathOf(target));
  return clientPaths.find((known) => known === path);
}

/**
 * Whether a path escapes a character that RFC 3986 §2.3 calls unreserved. The router would decode it, but a proxy that
 * blocks `/admin` by prefix would not.
 */
export const hasNeedlessEscape = (path: string): boolean =>
  /%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/i.test(path);

function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
