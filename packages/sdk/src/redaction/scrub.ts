import { REDACTED } from "./redact.ts";

// Shorter secrets stay, because removing every "a" would make a text unreadable.
const MIN_LENGTH = 8;

// Patterns that may hold secrets in any text. A credential has a digit or a sign, unlike "Basic authentication".
const AUTHORIZATION = /\b(Bearer|Basic)\s+(?=[^\s"]*(?:\d|[.=_+/][^\s"]))[^\s"]{4,}/gi;
const JWT = /\beyJ[\w.-]{8,}/g; // No dot is required, because a search for it would take quadratic time.
const MEMBER = /("\w*(?:token|secret|assertion)"\s*:\s*")(?:\\.|[^"\\])*/gi;
const FIELD = /\b(\w*(?:token|secret|assertion)=)[^\s&"']+/gi;
const URL_USER_AND_QUERY = /(https?:\/\/)(?:[^\s/?#@]*@)?([^\s?#"']*)[^\s"']*/gi;

/**
 * Removes secrets from a text: the given one, if it has at least 8 characters, in plain, URL, form, JSON, HTML and
 * Base64 encoding, and any `Bearer` or `Basic` credentials, JWT, JSON member or form field named like a
 * secret, URL query and URL user.
 */
export function scrub(text: string, secret?: string): string {
  return withoutSecret(text, secret)
    .replace(AUTHORIZATION, `$1 ${REDACTED}`)
    .replace(JWT, REDACTED)
    .replace(MEMBER, `$1${REDACTED}`)
    .replace(FIELD, `$1${REDACTED}`)
    .replace(URL_USER_AND_QUERY, "$1$2");
}

/** Removes a secret, if it has at least 8 characters, and nothing else. */
export function withoutSecret(text: string, secret = ""): string {
  return secret.length < MIN_LENGTH ? text : text.replace(anySpelling(secret), REDACTED);
}

/** Matches a secret however its characters are encoded. */
function anySpelling(secret: string): RegExp {
  // A run of backslashes is one unit. With each on its own, a match could take exponential time.
  const units = secret.match(/\\+|[^\\]/gu) ?? [];
  const form = `${new URLSearchParams({ "": secret })}`.slice(1);
  return new RegExp([units.map(spellingsOf).join(""), ...inBase64(secret), ...inBase64(form)].join("|"), "gi");
}

const NAMES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/** One character: plain, or as URL, form, JSON or HTML text has it, also encoded twice. */
function spellingsOf(unit: string): string {
  const [char = ""] = unit;
  const code = char.codePointAt(0) ?? 0;
  const html = `#0*${code}|#x0*${code.toString(16)}|${NAMES[char]}`;
  const json = char.split("").map((half) => `\\\\{1,3}u${half.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = [...new TextEncoder().encode(char)].map((byte) => `%(?:25)*${byte.toString(16).padStart(2, "0")}`);
  const plain = char.replace(/[^\w\\]/, "\\\\{0,3}\\$&").replace(/^\\$/, "\\\\");
  const any = `(?:${plain}|${url.join("")}|${json.join("")}|&(?:amp;)*(?:${html});${char === " " ? "|\\+" : ""})`;
  return char === "\\" ? `${any}{${unit.length},${4 * unit.length}}` : any;
}

/** The Base64 of a text wherever it starts in the encoded data, without the digits that it shares with its neighbours. */
function inBase64(text: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return [0, 1, 2].map((start) => {
    const digits = btoa(" ".repeat(start) + bytes).slice(
      start && start + 1,
      Math.floor(((start + bytes.length) * 4) / 3),
    );
    return digits.replaceAll("+", "\\+");
  });
}
