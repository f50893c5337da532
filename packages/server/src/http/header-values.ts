/**
 * Every value of a header, in order. Node's own view shows only the first of two, and a proxy in front may have read
 * the second.
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

/** A header as one text, or undefined. RFC 9110 §5.3: repeated lines are one list. */
export function headerText(rawHeaders: readonly string[], lowerCaseName: string): string | undefined {
  const values = headerValues(rawHeaders, lowerCaseName);
  return values.length === 0 ? undefined : values.join(", ");
}
