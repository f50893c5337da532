/** An address without query and fragment, which may hold what is secret. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*/s, "");
}
