/**
 * Every value that a header was sent with, in order. Where there are two, Node's own view shows only the first, and
 * something between the caller and here may have read the second.
 */
export function headerValues(rawHeaders: readonly string[], lowerCaseName: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName)
      values.push(rawHeaders[at + 1] ?? "");
  }
  return values;
}
