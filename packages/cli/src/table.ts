import { columnsOf, widthOf, wrapLine } from "./wrap.ts";

/**
 * Formats rows in aligned columns, or as one block of names and values for each row if they do not fit on the terminal.
 * Control characters become spaces.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number = columnsOf(process.stdout),
): string {
  const clean = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => clean.reduce((most, row) => Math.max(most, widthOf(row[column] ?? "")), 0));
  const lines = clean
    .map((row) => row.map((cell, column) => padded(cell, widths[column] ?? 0)).join("  "))
    .map((line) => line.trimEnd());
  if (lines.every((line) => widthOf(line) <= columns)) return lines.map((line) => `${line}\n`).join("");
  return rows
    .map((row) => Object.fromEntries(head.map((name, column) => [name, row[column] ?? ""])))
    .map((facts) => formatFacts(facts, columns))
    .join("\n");
}

/** Formats names and values, one pair per line. A value that does not fit continues below its start. */
export const formatFacts = (
  facts: Readonly<Record<string, string>>,
  columns: number = columnsOf(process.stdout),
): string => {
  const rows = Object.entries(facts);
  const width = Math.max(...rows.map(([name]) => name.length));
  const indent = " ".repeat(width + 2);
  return rows
    .map(([name, value]) => `${wrapLine(`${name.padEnd(width)}  ${printable(value)}`, columns, indent)}\n`)
    .join("");
};

/** Cuts long text to keep later columns on the screen. Not for ids, because users copy them. */
export function shorten(text: string, most = 40): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Replaces control and formatting characters, which could move the cursor or hide text, with spaces. */
export const printable = (text: string): string => text.replace(/\p{C}/gu, " ");

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));
