import type { TokenResponse } from "@carnet/protocol/token-response";
import { ResponseValidationError } from "../errors/response-validation-error.ts";
import { factsOf } from "../http/answer-facts.ts";
import { type Answer, membersOf } from "./answer.ts";
import type { Grant } from "./bearer-token.ts";

// Valid in a header after `Bearer `: RFC 6749 appendix A.12 without the space.
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/**
 * Reads the token from a response below 400.
 * @param requested the requested scope, used if the response has no `scope` (RFC 6749 §5.1)
 * @throws {ResponseValidationError} naming the invalid member
 */
export function parseToken(answer: Answer, requested: string): Pick<Grant, "accessToken" | "lifetime" | "scope"> {
  const { status, text } = answer;
  const invalid = (field: string, expected: string): ResponseValidationError =>
    new ResponseValidationError(`The token endpoint answered ${status}, but ${field} is not ${expected}.`, {
      ...factsOf(answer),
      field,
    });
  if (status < 200 || status > 299) throw invalid("location", "to be followed");
  const members: { readonly [Name in keyof TokenResponse]?: unknown } | undefined = membersOf(text);
  if (members === undefined) throw invalid("body", "JSON up to 64 KiB");
  const { access_token, token_type, expires_in, scope } = members;
  if (typeof access_token !== "string" || !HEADER_SAFE.test(access_token))
    throw invalid("access_token", "visible ASCII");
  if (!/^bearer$/i.test(String(token_type))) throw invalid("token_type", "Bearer"); // RFC 6749 §7.1: case-insensitive
  const lifetime = secondsOf(expires_in);
  if (Number.isNaN(lifetime)) throw invalid("expires_in", "a number of seconds");
  const granted = scope ?? requested;
  if (typeof granted !== "string") throw invalid("scope", "a string");
  return { accessToken: access_token, lifetime, scope: granted };
}

/** Reads seconds from a number or a numeric string. Undefined if missing, NaN if invalid. */
function secondsOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value !== "object" && /^\s*\d[\d.]*\s*$/.test(String(value)) ? Number(value) : Number.NaN;
}
