/** The line of an export that says to which file the lines after it belong. It is not a record. */
export interface FileLine {
  /** The name, without folder and ending. */
  readonly journal_file: string;
  /** Why the rest of the file is not in the export, in a sentence. */
  readonly unread?: string;
}

export const fileLine = (journal_file: string, unread?: string): string =>
  JSON.stringify({ journal_file, unread } satisfies Record<keyof FileLine, unknown>);

/** undefined: the line is something else. */
export function readFileLine(line: string): FileLine | undefined {
  if (!line.startsWith('{"journal_file":')) return undefined;
  try {
    const { journal_file, unread } = JSON.parse(line);
    return typeof journal_file === "string" && (unread === undefined || typeof unread === "string")
      ? { journal_file, ...(unread !== undefined && { unread }) }
      : undefined;
  } catch {
    return undefined;
  }
}
