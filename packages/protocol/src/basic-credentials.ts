import { decodeBase64Text } from "./base64.ts";
import { decodeFormPart } from "./form.ts";
import { Redacted } from "./redacted.ts";
import { err, ok, type Result } from "./result.ts";

/** A client id and secret as sent, not checked yet. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: Redacted<string>;
}

/**
 * Decodes the text after `Basic ` into its possible readings. RFC 6749 §2.3.1 form-encodes both halves, and that reading
 * comes first; many callers send them raw. Returns one reading if both agree.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export function decodeBasicCredentials(encoded: string): Result<readonly ClientCredentials[], string> {
  const text = decodeBase64Text(encoded);
  if (!text.ok) return err(`the Basic credentials are ${text.error}`);
  const colon = text.value.indexOf(":"); // RFC 7617 §2: the first colon, because secrets may contain colons
  if (colon < 0) return err("the Basic credentials have no colon");
  const rawId = text.value.slice(0, colon);
  const rawSecret = text.value.slice(colon + 1);
  const raw = { clientId: rawId, clientSecret: new Redacted(rawSecret) };
  const clientId = decodeFormPart(rawId);
  const clientSecret = decodeFormPart(rawSecret);
  if (clientId === undefined || clientSecret === undefined) return ok([raw]);
  if (clientId === rawId && clientSecret === rawSecret) return ok([raw]);
  return ok([{ clientId, clientSecret: new Redacted(clientSecret) }, raw]);
}

/** The challenge of a 401. @see https://www.rfc-editor.org/rfc/rfc7617#section-2.1 */
export const basicChallenge = (realm: string): string => `Basic realm="${realm}", charset="UTF-8"`;
