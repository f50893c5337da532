import type { Clock } from "../clock.ts";

/**
 * The delay that a `Retry-After` header asks for, in milliseconds. Undefined if the header is missing or is neither a
 * number of seconds nor an HTTP date. A date in the past means 0.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 RFC 9110 §10.2.3}
 */
export function retryAfter(headers: Headers, clock: Clock): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const isDate = /^[A-Z]/.test(value); // `Date.parse` would also read "-5" as a date.
  const date = isDate ? Date.parse(value.replace(/( GMT)?$/, " GMT")) : Number.NaN; // One obsolete format has no zone.
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : date - clock.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
