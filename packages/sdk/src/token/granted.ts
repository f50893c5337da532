import { ResponseValidationError } from "../errors/response-validation-error.ts";
import type { Scrub } from "../redaction/scrub.ts";
import { type Answer, factsOf, membersOf } from "./answer.ts";
import { type BearerToken, sealed } from "./bearer-token.ts";

// What may stand in a header after `Bearer `: RFC 6749 appendix A.12 less the space.
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/**
 * The token in a successful answer.
 * @param asked what was asked for, which stands where the answer has no `scope` (RFC 6749 §5.1)
 * @throws {ResponseValidationError} naming the member that is wrong
 */
export function granted(answer: Answer, asked: string, scrub: Scrub): BearerToken {
  const wrong = (field: string, expected: string): ResponseValidationError =>
    new ResponseValidationError(`The token endpoint's answer (${answer.status}) ${expected}.`, {
      ...factsOf(answer, scrub),
      field,
    });
  if (answer.redirect) throw wrong("location", "is a redirect, which a token request does not follow");
  if (!answer.whole) throw wrong("body", "is longer than 64 KiB");
  const members = membersOf(answer.text);
  if (members === undefined) throw wrong("body", "is no JSON object");
  const { access_token, token_type, expires_in, scope } = members;
  if (typeof access_token !== "string" || !HEADER_SAFE.test(access_token)) {
    throw wrong("access_token", "has no access_token that is a non-empty string of visible ASCII");
  }
  if (typeof token_type !== "string" || token_type.toLowerCase() !== "bearer") {
    throw wrong("token_type", "has no token_type Bearer"); // RFC 6749 §7.1: any case
  }
  const seconds = lifetime(expires_in);
  if (Number.isNaN(seconds)) throw wrong("expires_in", "has an expires_in that is no number of seconds");
  if (scope !== undefined && scope !== null && typeof scope !== "string") {
    throw wrong("scope", "has a scope that is no string");
  }
  return sealed({ accessToken: access_token, expiresIn: seconds, scope: scope ?? asked, tokenType: "Bearer" });
}

/** Seconds from a number or a numeric string; undefined where absent, NaN where it is neither. */
function lifetime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const numeric = typeof value === "number" || (typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value));
  const seconds = numeric ? Number(value) : Number.NaN;
  return seconds >= 0 && seconds < Number.POSITIVE_INFINITY ? seconds : Number.NaN;
}
