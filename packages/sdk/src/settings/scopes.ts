/** Scopes as a list, or as one string with spaces between. */
export type Scopes = string | readonly string[];

/** The scopes, each once. No scope holds a space (RFC 6749 §3.3), so that one which does is taken as two. */
export function scopeSet(scopes: Scopes): string[] {
  const words = [scopes].flat().join(" ").split(" ");
  return [...new Set(words)].filter(Boolean);
}
