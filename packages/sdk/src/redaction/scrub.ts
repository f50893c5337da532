import { REDACTED } from "./redact.ts";

/** Takes secrets out of a text. */
export type Scrub = (text: string) => string;

// What may be secret in any text, whoever wrote it.
const AUTHORIZATION = /\b(Bearer|Basic)\s+[^\s"]+/gi;
const MEMBER = /("\w*(?:token|secret|assertion)"\s*:\s*")(?:\\.|[^"\\])*/gi;
const URL_USER_AND_QUERY = /(https?:\/\/)(?:[^\s/?#@]*@)?([^\s?#"']*)[^\s"']*/gi;

/**
 * Makes a scrubber for the secrets of one exchange. It knows each secret as it is, as a form, a URL, JSON and Basic
 * write it; besides, any bearer token, token member, URL query or URL user goes.
 */
export function scrubber(secrets: readonly string[]): Scrub {
  let spellings: ReadonlySet<string> | undefined; // Made on first use: most exchanges have nothing to scrub.
  return (text) => {
    let clean = text;
    spellings ??= new Set(secrets.flatMap(spellingsOf));
    for (const spelling of spellings) clean = clean.replaceAll(spelling, REDACTED);
    return clean
      .replace(AUTHORIZATION, `$1 ${REDACTED}`)
      .replace(MEMBER, `$1${REDACTED}`)
      .replace(URL_USER_AND_QUERY, "$1$2");
  };
}

function spellingsOf(secret: string): string[] {
  const form = new URLSearchParams([["", secret]]);
  const wellFormed = form.get("") ?? "";
  return [secret, form.toString().slice(1), encodeURIComponent(wellFormed), JSON.stringify(secret).slice(1, -1)];
}
