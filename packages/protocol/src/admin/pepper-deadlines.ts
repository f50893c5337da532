/** How long secrets have to move, in seconds. Idempotency records, which do not move, end long before. */
export const deadlines = { shortest: 3600, longest: 366 * 86_400 } as const;
