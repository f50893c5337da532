import { ResponseValidationError } from "../errors/response-validation-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { type Answer, membersOf } from "./answer.ts";
import { type BearerToken, sealed } from "./bearer-token.ts";

// What may stand in a header after `Bearer `: RFC 6749 appendix A.12 less the space.
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/**
 * The token in an answer that is no failure.
 * @param asked what was asked for, which stands where the answer has no `scope` (RFC 6749 §5.1)
 * @throws {ResponseValidationError} naming the member that is wrong
 */
export function granted(answer: Answer, asked: string): BearerToken {
  const { status, text } = answer;
  const wrong = (field: string, expected: string): ResponseValidationError =>
    new ResponseValidationError(`The token endpoint answered ${status}, but ${field} is not ${expected}.`, {
      ...factsOf(answer),
      field,
    });
  if (status < 200 || status > 299) throw wrong("location", "to be followed");
  const members = membersOf(text);
  if (members === undefined) throw wrong("body", "JSON up to 64 KiB");
  const { access_token, token_type, expires_in, scope } = members;
  if (typeof access_token !== "string" || !HEADER_SAFE.test(access_token)) throw wrong("access_token", "visible ASCII");
  if (!/^bearer$/i.test(String(token_type))) throw wrong("token_type", "Bearer"); // RFC 6749 §7.1: any case
  const expiresIn = lifetime(expires_in);
  if (Number.isNaN(expiresIn)) throw wrong("expires_in", "a number of seconds");
  const given = scope ?? asked;
  if (typeof given !== "string") throw wrong("scope", "a string");
  return sealed({ accessToken: access_token, expiresIn, scope: given, tokenType: "Bearer" });
}

/** Seconds from a number or a numeric string; undefined where absent, NaN where it is neither. */
function lifetime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value !== "object" && /^\s*\d[\d.]*\s*$/.test(String(value)) ? Number(value) : Number.NaN;
}
