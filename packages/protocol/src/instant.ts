import { isCalendarDate } from "./calendar-date.ts";

/** A date, or a date-time with or without seconds (RFC 3339 §5.6). */
const shape = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Reads a time into milliseconds since the epoch; a date is its first instant in UTC. Undefined if it is none. */
export function parseInstant(text: string): number | undefined {
  const date = shape.exec(text)?.[1];
  if (date === undefined || !isCalendarDate(date)) return undefined;
  const instant = new Date(text).getTime();
  return Number.isNaN(instant) ? undefined : instant;
}
