import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from "jose";
import { TokenInvalid } from "./errors.ts";

/** The decoded parts of a JWS. Nothing in them is trusted before the signature was checked. */
export interface JwsParts {
  readonly header: Pick<ProtectedHeaderParameters, "typ" | "kid">;
  readonly claims: JWTPayload;
}

/**
 * Decodes a JWS in compact form whose payload is a JSON object. Checks nothing else.
 * @throws {TokenInvalid} it is malformed
 */
export function claimsOf(jws: string): JwsParts {
  try {
    const header = decodeProtectedHeader(jws);
    // RFC 7515 §4.1.11: extensions that are not understood must be refused, and none is understood here
    if (header.crit === undefined) return { header, claims: decodeJwt(jws) };
  } catch {
    // Refused below
  }
  throw new TokenInvalid("malformed", "The token is not a well-formed JWT.");
}
