/** Removes the query and the fragment, because they may hold secrets. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*/s, "");
}
