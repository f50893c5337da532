import { err, ok, type Result } from "./result.ts";

/** One decoded `name=value` pair. A form is a list of pairs, because a name can occur twice. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/**
 * Decodes `application/x-www-form-urlencoded` text, in order. Accepts unescaped characters (hand-joined bodies), but
 * refuses escapes that are broken or not UTF-8. A pair without `=` has an empty value. The error is the number of the
 * pair, from 1, and never its text.
 * @see https://www.rfc-editor.org/rfc/rfc6749#appendix-B
 */
export function decodeForm(text: string): Result<readonly Parameter[], { readonly pair: number }> {
  const parameters: Parameter[] = [];
  let pair = 0;
  for (const part of text.split("&")) {
    pair++;
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decodeFormPart(equals < 0 ? part : part.slice(0, equals));
    const value = decodeFormPart(equals < 0 ? "" : part.slice(equals + 1));
    if (name === undefined || value === undefined) return err({ pair });
    parameters.push({ name, value });
  }
  return ok(parameters);
}

/** Decodes one form-encoded name or value; undefined if an escape is broken or not UTF-8. */
export function decodeFormPart(part: string): string | undefined {
  const spaced = part.includes("+") ? part.replaceAll("+", " ") : part;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

/** Encodes one name or value for a form (and, by RFC 6749 §2.3.1, each half of a Basic credential). */
export const encodeFormPart = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
