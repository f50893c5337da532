/** A whole number in digits alone, else NaN. `Number` would also take an empty text, 1e3 and 0x10. */
export const parseWholeNumber = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);

/** For an option that can be given more than once: none of its values gets lost. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];
