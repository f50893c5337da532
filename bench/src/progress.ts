/** Shows the progress of a run: an updating line on a terminal, else one line per part. */
export class Progress {
  readonly #total: number;
  readonly #start = performance.now();
  readonly #terminal = process.stderr.isTTY === true;
  #done = 0;
  #part = "";

  /** @param total an estimate of the seconds for all steps */
  constructor(total: number) {
    this.#total = total;
  }

  /** Starts a new part. */
  part(name: string): void {
    this.#part = name;
    if (this.#terminal) this.#draw("");
    else process.stderr.write(`${this.#clock()} ${name}\n`);
  }

  /** Records a step of this many seconds as done. */
  step(seconds: number, detail = ""): void {
    this.#done += seconds;
    if (this.#terminal) this.#draw(detail);
  }

  end(): void {
    if (this.#terminal) process.stderr.write("\r\u001b[K");
    process.stderr.write(`${this.#clock()} done\n`);
  }

  #draw(detail: string): void {
    const share = Math.min(1, this.#done / this.#total);
    const bar = "#".repeat(Math.round(share * 20)).padEnd(20);
    const line = `[${bar}] ${Math.round(share * 100)} % ${this.#left(share)} ${this.#part} ${detail}`;
    process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  #left(share: number): string {
    if (share < 0.02) return "";
    const seconds = ((performance.now() - this.#start) / 1000) * (1 / share - 1);
    return `about ${minutesAndSeconds(seconds)} left:`;
  }

  #clock(): string {
    return minutesAndSeconds((performance.now() - this.#start) / 1000);
  }
}

const minutesAndSeconds = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
