import type { AccessTokenVerifier } from "@carnet/core/token/access-token-verifier";
import { type AccessTokenClaims, accessTokenType } from "@carnet/protocol/access-token-claims";
import type { JWTPayload } from "jose";
import { jwtVerify } from "jose/jwt/verify";
import { hashTokenId } from "./hash-token-id.ts";
import type { VerificationKeys } from "./key-ring.ts";

/** Verifies the tokens of an issuer with the keys that are published at the time of each call. */
export const createAccessTokenVerifier = (
  issuer: string,
  keys: Pick<VerificationKeys, "find">,
): AccessTokenVerifier => ({
  async verify(token, now) {
    const options = { issuer, typ: accessTokenType, currentDate: new Date(now) };
    const verified = await jwtVerify(token, keys.find, options).catch(() => undefined);
    if (verified === undefined || !isComplete(verified.payload)) return undefined;
    const { payload: claims, protectedHeader } = verified;
    return { claims, keyId: protectedHeader.kid ?? "", idHash: hashTokenId(claims.jti) };
  },
});

/** Whether a payload has every claim that this version gives a token. An earlier version gave fewer. */
function isComplete(claims: JWTPayload): claims is JWTPayload & AccessTokenClaims {
  const { rvk } = claims;
  return (
    ["sub", "client_id", "aud", "jti", "scope"].every((name) => typeof claims[name] === "string") &&
    ["iat", "exp"].every((name) => Number.isSafeInteger(claims[name])) &&
    Array.isArray(rvk) &&
    rvk.length === 2 &&
    rvk.every((handle) => typeof handle === "string")
  );
}
