const width = 30;

/** The part of standard error that is used here. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows progress on standard error if that is a terminal. */
export class ProgressBar {
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #stream: ProgressStream;
  #done = 0;

  constructor(what: string, total: number | undefined, stream: ProgressStream = process.stderr) {
    this.#what = what;
    this.#total = total;
    this.#stream = stream;
  }

  advance(by: number): void {
    this.#done += by;
    this.#draw();
  }

  /** Moves to a position, with a note after it. */
  moveTo(done: number, note = ""): void {
    this.#done = done;
    this.#draw(note);
  }

  /** Erases the bar, so that later output starts on a clean line. */
  finish(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
  }

  #draw(note = ""): void {
    if (!this.#stream.isTTY) return;
    const share = this.#total ? Math.min(1, this.#done / this.#total) : undefined;
    const filled = Math.round((share ?? 0) * width);
    const bar =
      share === undefined ? "" : `[${"#".repeat(filled)}${" ".repeat(width - filled)}] ${Math.floor(share * 100)} % `;
    this.#stream.write(`\r\u001b[2K${bar}${this.#done}${this.#total ? ` of ${this.#total}` : ""} ${this.#what}${note}`);
  }
}
