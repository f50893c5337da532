/** A date, or a date-time with or without seconds (RFC 3339 §5.6), its day of the month on its own. */
const shape = /^\d{4}-\d{2}-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Reads a time into milliseconds since the epoch; a date is its first instant in UTC. Undefined if it is none. */
export function parseInstant(text: string): number | undefined {
  const day = shape.exec(text)?.[1];
  const instant = new Date(text).getTime();
  if (day === undefined || Number.isNaN(instant)) return undefined;
  // The language takes the 30th of February for the 2nd of March
  return new Date(text.slice(0, 10)).getUTCDate() === Number(day) ? instant : undefined;
}
