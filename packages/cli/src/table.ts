/** Formats rows in aligned columns. Control characters become spaces. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => clean.reduce((most, row) => Math.max(most, widthOf(row[column] ?? "")), 0));
  return clean
    .map((row) => row.map((cell, column) => padded(cell, widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Formats names and values, one pair per line. */
export const formatFacts = (facts: Readonly<Record<string, string>>): string => {
  const rows = Object.entries(facts);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join("");
};

/** Cuts long text to keep later columns on the screen. Not for ids, because users copy them. */
export function shorten(text: string, most = 40): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Replaces control and formatting characters, which could move the cursor or hide text, with spaces. */
export const printable = (text: string): string => text.replace(/\p{C}/gu, " ");

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

/** The width of a text on a terminal: two columns for East Asian wide characters and emoji, none for combining marks. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : mark.test(character) ? 0 : 1;
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const mark = /\p{Mn}|\p{Me}/u;
