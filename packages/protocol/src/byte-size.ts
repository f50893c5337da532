const units = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Reads a number of bytes such as `64MiB`, or a plain number. Undefined for any other text. */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15})(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Number(digits) * (unit === undefined ? 1 : units[unit as keyof typeof units]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes a number of bytes with the largest unit that fits, such as `1.5MiB`. */
export function formatByteSize(bytes: number): string {
  const [name, size] = Object.entries(units).findLast(([, unit]) => bytes >= unit) ?? ["B", 1];
  return `${Math.round((bytes / size) * 10) / 10}${name}`;
}
