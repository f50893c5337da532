import { setImmediate as endOfTurn } from "node:timers/promises";
import type { LogOutput } from "../log/log-output.ts";
import { chainedLine, stdoutChain } from "./chain.ts";
import { emptyChain, type JournalHead, type JournalSink, nextHead, type PutHead } from "./journal-sink.ts";

interface JournalStdoutOptions {
  readonly output: Pick<LogOutput, "record" | "isStalled">;
  readonly process: string;
  readonly putHead: PutHead;
}

/** The journal among the log lines, for containers whose platform collects them. */
export class JournalStdout implements JournalSink {
  readonly #output: JournalStdoutOptions["output"];
  readonly #putHead: PutHead;
  #lines = "";
  #writing: Promise<void> | undefined;
  #head: JournalHead;
  #written: JournalHead;
  #anchored: JournalHead | undefined;

  constructor({ output, process, putHead }: JournalStdoutOptions) {
    this.#output = output;
    this.#putHead = putHead;
    this.#head = emptyChain(stdoutChain(process));
    this.#written = this.#head;
  }

  append(json: string, at: number): Promise<void> {
    if (this.#output.isStalled) throw new Error("the log is not being read");
    const line = chainedLine(json, this.#head.hash);
    this.#head = nextHead(this.#head, line, at);
    this.#lines += `${line}\n`;
    this.#writing ??= endOfTurn().then(() => this.#write());
    return this.#writing;
  }

  async hasRoom(): Promise<boolean> {
    return !this.#output.isStalled;
  }

  async maintain(): Promise<void> {}

  async anchor(): Promise<void> {
    const head = this.#written;
    if (head === this.#anchored) return;
    await this.#putHead(head);
    this.#anchored = head;
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#written = { ...this.#written, state: "closed" };
  }

  /** The records of one turn are written together: standard output can be a pipe, whose reader wakes up each time. */
  async #write(): Promise<void> {
    const [lines, head] = [this.#lines, this.#head];
    this.#lines = "";
    this.#writing = undefined;
    await this.#output.record(lines);
    this.#written = head;
  }
}
