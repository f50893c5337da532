import type { Spread } from "../statistics.ts";

/** A Markdown table. Cells that a row lacks are empty. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, column) => (isNumber(rows[0]?.[column]) ? "---:" : "---")), ...rows]
    .map((cells) => `| ${head.map((_, column) => cells[column] ?? "").join(" | ")} |`)
    .join("\n");

const isNumber = (cell = ""): boolean => /^[-–\d]/.test(cell);

export const whole = (value: number): string => (Number.isNaN(value) ? "–" : Math.round(value).toLocaleString("en"));

export const figure = (value: number, unit = ""): string =>
  Number.isNaN(value) ? "–" : `${Number(value.toPrecision(3)).toLocaleString("en")}${unit}`;

export const percent = (share: number): string => (Number.isNaN(share) ? "–" : `${(share * 100).toFixed(1)} %`);

export const megabytes = (bytes: number): string => (Number.isNaN(bytes) ? "–" : `${Math.round(bytes / 1e6)} MB`);

export const milliseconds = (microseconds: number): string => figure(microseconds / 1000, " ms");

/** The median, with the quartiles in brackets. */
export const withSpread = ({ median, low, high }: Spread, text: (value: number) => string): string =>
  Number.isNaN(median) ? "–" : `${text(median)} (${text(low)}–${text(high)})`;

/** The values that are not null. */
export const known = (values: readonly (number | null)[]): readonly number[] =>
  values.filter((value) => value !== null);
