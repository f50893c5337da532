/** Whether YYYY-MM-DD is a real day. `Date` alone would read 2027-02-31 as 3 March. */
export function isCalendarDate(date: string): boolean {
  const instant = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(date);
}
