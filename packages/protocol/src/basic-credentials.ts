import { decodeBase64, utf8Text } from "./base64.ts";
import { Redacted } from "./redacted.ts";
import { err, ok, type Result } from "./result.ts";

/** A client id and secret as sent, not checked yet. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
}

/**
 * Decodes the text after `Basic ` into its possible readings, at most four and no two equal. Callers either form-encode
 * both halves or send them raw, and write them in UTF-8 or in Latin-1. The order depends on nothing but the text.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export function decodeBasicCredentials(encoded: string): Result<readonly ClientCredentials[], string> {
  const bytes = decodeBase64(encoded);
  if (bytes === undefined) return err("the Basic credentials are not base64");
  const colon = bytes.indexOf(":"); // RFC 7617 §2: the first colon, because secrets may contain colons
  if (colon < 0) return err("the Basic credentials have no colon");
  const readings: ClientCredentials[] = [];
  for (const read of halfReadings) {
    const clientId = read(bytes.slice(0, colon));
    const clientSecret = read(bytes.slice(colon + 1));
    if (clientId === undefined || clientSecret === undefined) continue;
    if (readings.some((one) => one.clientId === clientId && one.clientSecret.reveal() === clientSecret)) continue;
    readings.push({ clientId, clientSecret: new Redacted(clientSecret) });
  }
  return ok(readings);
}

/** Ways to read the bytes of one half, each byte given as one character, which is its reading in Latin-1. */
const halfReadings: readonly ((bytes: string) => string | undefined)[] = [
  (bytes) => {
    const decoded = formDecodedBytes(bytes);
    return decoded === undefined ? undefined : utf8Text(decoded);
  },
  utf8Text,
  formDecodedBytes,
  (bytes) => bytes,
];

/** The bytes that form-encoded bytes stand for; undefined if an escape is broken. */
function formDecodedBytes(bytes: string): string | undefined {
  if (/%(?![\da-f]{2})/i.test(bytes)) return undefined;
  const spaced = bytes.replaceAll("+", " ");
  return spaced.replace(/%(..)/g, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** The challenge of a 401. @see https://www.rfc-editor.org/rfc/rfc7617#section-2.1 */
export const basicChallenge = (realm: string): string => `Basic realm="${realm}", charset="UTF-8"`;
