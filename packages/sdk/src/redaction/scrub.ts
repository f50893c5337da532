import { REDACTED } from "./redact.ts";

// Patterns that may hold secrets in any text.
const AUTHORIZATION = /\b(Bearer|Basic)\s+[^\s"]+/gi;
const MEMBER = /("\w*(?:token|secret|assertion)"\s*:\s*")(?:\\.|[^"\\])*/gi;
const URL_USER_AND_QUERY = /(https?:\/\/)(?:[^\s/?#@]*@)?([^\s?#"']*)[^\s"']*/gi;

/**
 * Removes secrets from a text: the given one, in plain, form, URL and JSON encoding, and any `Bearer` or `Basic`
 * credentials, JSON member named like a secret, URL query and URL user.
 */
export function scrub(text: string, secret: string | undefined): string {
  let clean = text;
  for (const spelling of secret ? spellingsOf(secret) : []) clean = clean.replaceAll(spelling, REDACTED);
  return clean
    .replace(AUTHORIZATION, `$1 ${REDACTED}`)
    .replace(MEMBER, `$1${REDACTED}`)
    .replace(URL_USER_AND_QUERY, "$1$2");
}

function spellingsOf(secret: string): string[] {
  const form = new URLSearchParams([["", secret]]);
  const wellFormed = form.get("") ?? "";
  return [secret, form.toString().slice(1), encodeURIComponent(wellFormed), JSON.stringify(secret).slice(1, -1)];
}
