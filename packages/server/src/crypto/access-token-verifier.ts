import type { AccessTokenVerifier } from "@carnet/core/token/access-token-verifier";
import { type AccessTokenClaims, accessTokenType } from "@carnet/protocol/access-token-claims";
import { isSigningAlgorithm } from "@carnet/protocol/signing-algorithms";
import { hashTokenId } from "./hash-token-id.ts";
import type { VerificationKeys } from "./key-ring.ts";
import { signingAlgorithms } from "./signing-algorithms.ts";

/** Verifies the tokens of an issuer with the keys that are published at the time of each call. */
export const createAccessTokenVerifier = (
  issuer: string,
  keys: Pick<VerificationKeys, "find">,
): AccessTokenVerifier => ({
  async verify(token, now) {
    try {
      const { header, claims } = openToken(token, keys);
      const isCurrent = header["typ"] === accessTokenType && claims["iss"] === issuer && isComplete(claims);
      if (!isCurrent || claims.exp * 1000 <= now) return undefined;
      return { claims, keyId: String(header["kid"]), idHash: hashTokenId(claims.jti) };
    } catch {
      return undefined; // not a JWT that one of the keys signed
    }
  },
});

type Json = Readonly<Record<string, unknown>>;

/** Checks the signature and decodes the token. Throws if it is not signed with one of the keys. */
function openToken(
  token: string,
  keys: Pick<VerificationKeys, "find">,
): { readonly header: Json; readonly claims: Json } {
  const [, encodedHeader = "", payload = "", signature = ""] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  const header = decode(encodedHeader);
  const alg = String(header["alg"]);
  // RFC 7515 §4.1.11: extensions that are not understood must be refused, and none is understood here
  if (!isSigningAlgorithm(alg) || header["crit"] !== undefined) throw new Error("unsupported header");
  const signed = Buffer.from(`${encodedHeader}.${payload}`, "latin1");
  const isSigned = signingAlgorithms[alg].verify(signed, keys.find(header), Buffer.from(signature, "base64url"));
  if (!isSigned) throw new Error("the signature is wrong");
  return { header, claims: decode(payload) };
}

const decode = (part: string): Json => Object(JSON.parse(Buffer.from(part, "base64url").toString()));

/** Whether a payload has every claim that this version gives a token. An earlier version gave fewer. */
function isComplete(claims: Json): claims is Json & AccessTokenClaims {
  const { rvk } = claims;
  return (
    ["sub", "client_id", "aud", "jti", "scope"].every((name) => typeof claims[name] === "string") &&
    ["iat", "exp"].every((name) => Number.isSafeInteger(claims[name])) &&
    Array.isArray(rvk) &&
    rvk.length === 2 &&
    rvk.every((handle) => typeof handle === "string")
  );
}
