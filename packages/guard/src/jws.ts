import { base64url, decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from "jose";
import { TokenInvalid } from "./errors.ts";

/** A JWS whose payload is a JSON object, taken apart. Nothing in it is trusted before its signature was checked. */
export interface Jws {
  readonly header: ProtectedHeaderParameters;
  readonly claims: JWTPayload;
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();

/** All but the characters of RFC 7515 §7.1. Decoders skip white space and padding, so one token would have many texts. */
const otherCharacters = /[^\w.-]/;

/** The last decoded header. All tokens that were signed with one key have the same, letter by letter. */
let last: { readonly encoded: string; readonly header: ProtectedHeaderParameters } = { encoded: "", header: {} };

/**
 * Takes a JWS in compact form apart. Checks nothing else.
 * @throws {TokenInvalid} It is malformed.
 */
export function parseJws(text: string): Jws {
  try {
    const header = headerOf(text);
    // RFC 7515 §4.1.11: extensions that are not understood must be refused, and none is understood here
    if (header.crit === undefined && !otherCharacters.test(text)) {
      const end = text.lastIndexOf(".");
      const signature = base64url.decode(text.slice(end + 1)) as Uint8Array<ArrayBuffer>;
      return { header, claims: decodeJwt(text), signed: encoder.encode(text.slice(0, end)), signature };
    }
  } catch {
    // Refused below
  }
  throw new TokenInvalid("malformed", "The token is not a well-formed JWT.");
}

function headerOf(text: string): ProtectedHeaderParameters {
  const encoded = text.slice(0, text.indexOf(".") + 1);
  if (encoded === "" || encoded !== last.encoded) last = { encoded, header: decodeProtectedHeader(text) };
  return last.header;
}
