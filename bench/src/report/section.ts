/** A section of the page, with its plots by file name. */
export interface Section {
  readonly markdown: string;
  readonly plots: Readonly<Record<string, string>>;
}
