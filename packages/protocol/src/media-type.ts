import { err, ok, type Result } from "./result.ts";

/** The formats of a token request body. */
export type TokenRequestFormat = "form" | "json";

const formats: ReadonlyMap<string, TokenRequestFormat> = new Map([
  ["application/x-www-form-urlencoded", "form"],
  ["application/json", "json"],
]);

const accepted = "send application/x-www-form-urlencoded, or application/json with one object of strings, in UTF-8";
const charsetParameter = /;\s*charset\s*=\s*("[^"]*"|[^;\s]*)/gi;
const mediaTypeOnly = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Parses the `Content-Type` of a token request. Accepts any spelling of a UTF-8 charset. The error says what was seen
 * and what is accepted.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
 */
export function parseTokenRequestFormat(contentType: string | undefined): Result<TokenRequestFormat, string> {
  if (contentType === undefined || contentType.trim() === "")
    return err(`there is no Content-Type header: ${accepted}`);
  const semicolon = contentType.indexOf(";");
  // RFC 9110 §8.3.1: type, subtype and parameter names are case-insensitive
  const mediaType = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  const format = formats.get(mediaType);
  if (format === undefined) {
    const seen = mediaTypeOnly.test(mediaType) && mediaType.length <= 100 ? mediaType : "not a media type";
    return err(`the Content-Type is ${seen}: ${accepted}`);
  }
  if (semicolon < 0) return ok(format);
  for (const match of contentType.slice(semicolon).matchAll(charsetParameter)) {
    if (!/^"?utf-?8"?$/i.test(match[1] ?? "")) return err(`the charset of the Content-Type is not UTF-8: ${accepted}`);
  }
  return ok(format);
}
