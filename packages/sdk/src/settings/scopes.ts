/** Scopes as a list, or as one space-separated string. */
export type Scopes = string | readonly string[];

/** The scopes without duplicates. A scope cannot contain a space (RFC 6749 §3.3), so list items are split at spaces. */
export function scopeSet(scopes: Scopes): string[] {
  const words = [scopes].flat().join(" ").split(" ");
  return [...new Set(words)].filter(Boolean);
}
