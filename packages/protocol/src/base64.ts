/** Base64 and UTF-8 in plain ECMAScript, because this package uses no platform API. For short texts only. */
const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const urlSafe = `${standard.slice(0, 62)}-_`;
const sextetOf: ReadonlyMap<string, number> = new Map([...standard].map((char, value) => [char, value]));
const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * Decodes base64 (RFC 4648 §4) with optional padding into a text with one character for each byte; undefined if it is
 * malformed. Does not accept the URL alphabet.
 */
export function decodeBase64(encoded: string): string | undefined {
  if (!canonical.test(encoded)) return undefined;
  let bytes = "";
  let bits = 0;
  let held = 0;
  for (const char of encoded) {
    if (char === "=") break;
    bits = ((bits << 6) | (sextetOf.get(char) ?? 0)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += String.fromCharCode((bits >> held) & 0xff);
  }
  return bytes;
}

/** Reads bytes, one character each, as UTF-8; undefined if they are not UTF-8. */
export function utf8Text(bytes: string): string | undefined {
  if (isAscii(bytes)) return bytes;
  const escaped = bytes.replace(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  try {
    return decodeURIComponent(escaped); // throws on any bytes that are not UTF-8
  } catch {
    return undefined;
  }
}

/** Whether a text has only characters up to U+007F. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Encodes UTF-8 text as base64url without padding (RFC 4648 §5). */
export function encodeBase64UrlText(text: string): string {
  const bytes = utf8Bytes(text);
  let encoded = "";
  for (let start = 0; start < bytes.length; start += 3) {
    const group = bytes.slice(start, start + 3);
    const bits = group.reduce((sum, byte, index) => sum | (byte << (16 - 8 * index)), 0);
    for (let digit = 0; digit <= group.length; digit++) encoded += urlSafe[(bits >> (18 - 6 * digit)) & 63];
  }
  return encoded;
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function utf8Bytes(text: string): number[] {
  const bytes: number[] = [];
  const escaped = encodeURIComponent(text.toWellFormed());
  for (let at = 0; at < escaped.length; at++) {
    if (escaped[at] === "%") {
      bytes.push(Number.parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(escaped.charCodeAt(at));
  }
  return bytes;
}
