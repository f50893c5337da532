/** A part of the page, with the plots that it shows, by the names of their files. */
export interface Section {
  readonly markdown: string;
  readonly plots: Readonly<Record<string, string>>;
}
