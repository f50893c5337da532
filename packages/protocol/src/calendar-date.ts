/** Whether a text of the form YYYY-MM-DD names a day that there is: 2027-02-31 would otherwise be read as 3 March. */
export function isCalendarDate(date: string): boolean {
  const instant = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(date);
}
