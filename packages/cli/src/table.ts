/** Rows as text in columns, for people. What could move the cursor or break the line is shown as a space. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows].map((row) => row.map(harmless));
  const widths = head.map((_, column) => clean.reduce((most, row) => Math.max(most, widthOf(row[column] ?? "")), 0));
  return clean
    .map((row) => row.map((cell, column) => padded(cell, widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Names and values below each other. */
export const formatFacts = (facts: Readonly<Record<string, string>>): string => {
  const rows = Object.entries(facts);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${harmless(value)}\n`).join("");
};

/** Text for people that would push the columns after it off the screen, cut. Not for ids: those are copied. */
export function shorten(text: string, most = 40): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Text without what could move the cursor, hide other text or break the line: each of it is a space. */
export const harmless = (text: string): string => text.replace(/\p{C}/gu, " ");

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

/** How many columns a terminal gives a text: two for the wide characters of East Asia and pictures, none for marks. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : mark.test(character) ? 0 : 1;
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const mark = /\p{Mn}|\p{Me}/u;
