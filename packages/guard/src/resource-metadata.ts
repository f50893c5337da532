/**
 * The URL of the metadata of an API, whose URL has no query and no fragment.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-3.1 RFC 9728 §3.1}
 */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  // RFC 9728 §3.1: a slash right after the host is dropped, and the well-known part goes between host and path
  return `${origin}/.well-known/oauth-protected-resource${pathname === "/" ? "" : pathname}`;
}
