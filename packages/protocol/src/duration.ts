const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The unit of a number that has none. */
export type DurationUnit = keyof typeof milliseconds;

/**
 * Reads a time span such as `7d`, `12h`, `30m`, `45s` or `500ms`, or a plain number in the given unit. Returns it in that
 * unit. Undefined for any other text, and for a span that is not a whole number in that unit.
 */
export function parseDuration(text: string, unit: DurationUnit = "s"): number | undefined {
  const [, digits, given = unit] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = (Number(digits) * milliseconds[given as DurationUnit]) / milliseconds[unit];
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Writes a time span with the largest unit that divides it, such as `7d` or `90s`. */
export function formatDuration(value: number, unit: DurationUnit = "s"): string {
  const total = value * milliseconds[unit];
  const [name, size] = Object.entries(milliseconds).findLast(([, size]) => total > 0 && total % size === 0) ?? [
    unit,
    1,
  ];
  return total === 0 ? `0${unit}` : `${total / size}${name}`;
}

/** Describes what `parseDuration` accepts between two bounds, with examples that are between them. */
export function durationRange(least: number, most: number, unit: DurationUnit = "s"): string {
  const isAccepted = (value: number | undefined): boolean => value !== undefined && value >= least && value <= most;
  const fitting = ["90s", "30m", "12h", "7d"].filter((text) => isAccepted(parseDuration(text, unit)));
  const examples = fitting.length === 0 ? "" : `, such as ${fitting.join(", ").replace(/, (\w+)$/, " or $1")}`;
  return `a duration from ${formatDuration(least, unit)} to ${formatDuration(most, unit)}${examples}; a number alone is in ${names[unit]}`;
}

const names = { ms: "milliseconds", s: "seconds", m: "minutes", h: "hours", d: "days" } as const;
