import { columnsOf, widthOf, wrapLine } from "./wrap.ts";

interface TableOptions {
  /** Of the terminal. */
  readonly columns?: number;
  /** By name. */
  readonly shortened?: readonly string[];
}

/**
 * Formats rows in aligned columns, or as one block of names and values for each row if they do not fit on the terminal.
 * Control characters become spaces. The `shortened` columns are cut at 40 characters, except in blocks, to keep later
 * columns on the screen. Not for ids, because users copy them.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns = columnsOf(process.stdout), shortened = [] }: TableOptions = {},
): string {
  const cut = head.map((name) => shortened.includes(name));
  const clean = [head, ...rows].map((row) => row.map(printable).map((cell, at) => (cut[at] ? shorten(cell) : cell)));
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

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= 40 ? text : `${characters.slice(0, 39).join("")}…`;
}

/** Replaces control and formatting characters, which could move the cursor or hide text, with spaces. */
export const printable = (text: string): string => text.replace(/\p{C}/gu, " ");

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));
