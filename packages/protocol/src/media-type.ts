import { err, ok, type Result } from "./result.ts";

/** The format of a token request body. A body in `ascii` must have no other characters, not even as escapes. */
export interface TokenRequestFormat {
  readonly syntax: "form" | "json";
  readonly charset: "utf-8" | "ascii";
}

const syntaxes: ReadonlyMap<string, TokenRequestFormat["syntax"]> = new Map([
  ["application/x-www-form-urlencoded", "form"],
  ["application/json", "json"],
]);

const accepted = "send application/x-www-form-urlencoded, or application/json with one object of strings, in UTF-8";
const charsetParameter = /;\s*charset\s*=\s*("[^"]*"|[^;\s]*)/gi;
const mediaTypeOnly = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Parses the `Content-Type` of a token request. Accepts any spelling of a UTF-8 charset, and for a form ISO-8859-1 and
 * US-ASCII, which some clients name whatever they send. The error says what was seen and what is accepted.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
 */
export function parseTokenRequestFormat(contentType: string | undefined): Result<TokenRequestFormat, string> {
  if (contentType === undefined || contentType.trim() === "")
    return err(`there is no Content-Type header: ${accepted}`);
  const semicolon = contentType.indexOf(";");
  // RFC 9110 §8.3.1: type, subtype and parameter names are case-insensitive
  const mediaType = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  const syntax = syntaxes.get(mediaType);
  if (syntax === undefined) {
    const seen = mediaTypeOnly.test(mediaType) && mediaType.length <= 100 ? mediaType : "not a media type";
    return err(`the Content-Type is ${seen}: ${accepted}`);
  }
  let charset: TokenRequestFormat["charset"] = "utf-8";
  for (const match of semicolon < 0 ? [] : contentType.slice(semicolon).matchAll(charsetParameter)) {
    const name = match[1] ?? "";
    if (/^"?utf-?8"?$/i.test(name)) continue;
    if (syntax === "json" || !/^"?(?:iso-8859-1|us-ascii)"?$/i.test(name))
      return err(`the charset of the Content-Type is not UTF-8: ${accepted}`);
    charset = "ascii";
  }
  return ok({ syntax, charset });
}
