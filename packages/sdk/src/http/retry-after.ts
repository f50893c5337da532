import type { Clock } from "../clock.ts";

/**
 * The delay that a `Retry-After` header asks for, in milliseconds. Undefined if the header is missing or is neither a
 * number of seconds nor a date.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 RFC 9110 §10.2.3}
 */
export function retryAfter(headers: Headers, clock: Clock): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const ms = /^\d/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
