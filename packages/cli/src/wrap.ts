/** Breaks the lines of a text that goes to a stream. */
export const wrapped = (text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  wrapLines(text, columnsOf(stream));

/** How many columns a line may have: `COLUMNS`, else those of the terminal. Text for a pipe or a file has no limit. */
export function columnsOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  const asked = Number(process.env["COLUMNS"]);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return (stream.isTTY && stream.columns) || Number.POSITIVE_INFINITY;
}

/** Breaks each line between words. A command in backticks and a word that is too long, such as a URL, stay whole. */
export const wrapLines = (text: string, columns: number): string =>
  text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");

/** Breaks one line. The lines that follow are indented like the first, or by the given text. */
export function wrapLine(line: string, columns: number, indent: string = /^ */.exec(line)?.[0] ?? ""): string {
  if (widthOf(line) <= columns) return line;
  const lines: string[] = [];
  let last = "";
  // Without white space at the end, for which this pattern takes quadratic time: the text can come from any service
  for (const [, gap = "", word = ""] of line.trimEnd().matchAll(/(\s*)(`[^`]*`\S*|\S+)/g)) {
    const fits = last.trim() === "" || widthOf(last + gap + word) <= columns;
    if (!fits) lines.push(last);
    last = fits ? last + gap + word : indent + word;
  }
  return [...lines, last].join("\n");
}

/** The width of a text on a terminal: two columns for East Asian wide characters and emoji, none for combining marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += wide.test(character) ? 2 : mark.test(character) ? 0 : 1;
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const mark = /\p{Mn}|\p{Me}/u;
