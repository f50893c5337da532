/** Secrets that clients bring along and that encodings get wrong, by what is hard about them. */
export const importedSecrets = {
  colons: "wk_secret:oa2c:Zx81kQ0pLw3vN7tYb2Rd",
  "what looks like escapes": "a:b:c%3Ad+e/f==%2B-0123",
  "percent signs that escape nothing": "100%-of-%zz+and-50%-0123",
  "spaces, ampersands and quotes": "strict secret with spaces & + % \"quotes\" = 'signs'",
  "characters beyond ASCII": "pässwörd-ключ-🔑-длинный",
} as const;
