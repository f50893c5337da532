import type { LogOutput } from "../log/log-output.ts";
import { stdoutChain } from "./chain.ts";
import {
  chained,
  emptyChain,
  type JournalHead,
  type JournalRecord,
  type JournalSink,
  type PutHead,
} from "./journal-sink.ts";

interface JournalStdoutOptions {
  readonly output: Pick<LogOutput, "record" | "isStalled">;
  readonly process: string;
  readonly putHead: PutHead;
}

/** The journal among the log lines, for containers whose platform collects them. */
export class JournalStdout implements JournalSink {
  readonly #output: JournalStdoutOptions["output"];
  readonly #putHead: PutHead;
  #head: JournalHead;
  #written: JournalHead;
  #anchored: JournalHead | undefined;

  constructor({ output, process, putHead }: JournalStdoutOptions) {
    this.#output = output;
    this.#putHead = putHead;
    this.#head = emptyChain(stdoutChain(process));
    this.#written = this.#head;
  }

  async append(records: readonly JournalRecord[]): Promise<void> {
    if (this.#output.isStalled) throw new Error("the log is not being read");
    const { lines, head } = chained(records, this.#head);
    this.#head = head;
    await this.#output.record(lines);
    this.#written = head;
  }

  async hasRoom(): Promise<boolean> {
    return !this.#output.isStalled;
  }

  /** Nothing is synced here. */
  readonly unsynced = { records: 0, since: 0 };

  async maintain(): Promise<void> {}

  async anchor(): Promise<void> {
    const head = this.#written;
    if (head === this.#anchored) return;
    await this.#putHead(head);
    this.#anchored = head;
  }

  async close(): Promise<void> {
    this.#written = { ...this.#written, state: "closed" };
  }
}
