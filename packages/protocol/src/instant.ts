import { isCalendarDate } from "./calendar-date.ts";

// RFC 3339 §5.6: a date, or a date-time with optional seconds
const shape = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Parses a time into milliseconds since the epoch; a date is its start in UTC. Undefined if malformed. */
export function parseInstant(text: string): number | undefined {
  const date = shape.exec(text)?.[1];
  if (date === undefined || !isCalendarDate(date)) return undefined;
  const instant = new Date(text).getTime();
  return Number.isNaN(instant) ? undefined : instant;
}
