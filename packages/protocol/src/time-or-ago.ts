import { parseDuration } from "./duration.ts";
import { parseInstant } from "./instant.ts";

/**
 * Parses a time, a date, or a duration before `now` with its unit, such as `24h`, into milliseconds since the epoch.
 * Undefined if malformed.
 */
export function parseTimeOrAgo(text: string, now: number): number | undefined {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  const ago = /[a-z]$/.test(text) ? parseDuration(text, "ms") : undefined;
  return ago === undefined ? undefined : now - ago;
}

export const timeOrAgoForms = "a time, a date or a duration ago, such as 2027-01-31T12:00:00Z, 2027-01-31 or 24h";
