import { isCalendarDate } from "./calendar-date.ts";
import { err, ok, type Result } from "./result.ts";

/** The version that the SDK requests. */
export const currentVersion = "2026-01-01";

/** The published versions of the API, oldest first. */
export const knownVersions = ["2022-01-01", currentVersion] as const;

export type ApiVersion = (typeof knownVersions)[number];

// A date; a preview appends a dot and a slug: 2026-04-01.processes.preview
const wellFormed = /^(\d{4}-\d{2}-\d{2})(?:\.[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/;

/**
 * Resolves an `X-Version` header to the newest known version on or before its date, or to the fallback without a header.
 * The error lists the known versions and does not repeat the header.
 */
export function resolveVersion(header: string | undefined, fallback: ApiVersion): Result<ApiVersion, string> {
  if (header === undefined) return ok(fallback);
  const date = wellFormed.exec(header)?.[1];
  if (date === undefined || !isCalendarDate(date)) return err(unknown("is not a date of the form YYYY-MM-DD"));
  const resolved = knownVersions.findLast((version) => version <= date);
  return resolved === undefined ? err(unknown("is earlier than the first version")) : ok(resolved);
}

const unknown = (fault: string): string => `X-Version ${fault}; known versions: ${knownVersions.join(", ")}`;
