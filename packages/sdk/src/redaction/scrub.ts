import { REDACTED } from "./redact.ts";

// What may be secret in any text, whoever wrote it.
const AUTHORIZATION = /\b(Bearer|Basic)\s+[^\s"]+/gi;
const MEMBER = /("\w*(?:token|secret|assertion)"\s*:\s*")(?:\\.|[^"\\])*/gi;
const URL_USER_AND_QUERY = /(https?:\/\/)(?:[^\s/?#@]*@)?([^\s?#"']*)[^\s"']*/gi;

/**
 * Takes secrets out of a text: the one that is named, as it is and as a form, a URL, JSON and Basic write it; besides,
 * any bearer token, token member, URL query or URL user.
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
