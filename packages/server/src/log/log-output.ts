import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Bytes that may wait for a slow reader of the log. The journal, if it is written to standard output, needs more, so that
 * diagnostic lines never crowd it out.
 */
const maxWaiting = { diagnostics: 128 * 1024, records: 1024 * 1024 } as const;

/**
 * Where log lines go. Does not block unless the stream does: a stalled reader costs diagnostic lines first, then
 * token requests, and nothing else.
 */
export class LogOutput {
  readonly #stream: Writable;
  /** Rejects each record that is not written yet. */
  readonly #unwritten = new Set<(reason: Error) => void>();
  #dropped = 0;
  #isEnding = false;

  /** Calls `resumed` with the number of dropped diagnostic lines once the reader has caught up. */
  constructor(stream: Writable, resumed: (dropped: number) => void) {
    this.#stream = stream;
    stream.on("drain", () => {
      const dropped = this.#dropped;
      this.#dropped = 0;
      if (dropped > 0) resumed(dropped);
    });
  }

  /** Writes a diagnostic line, or drops it if too many are waiting. */
  write(line: string): void {
    if (this.#stream.writableLength < maxWaiting.diagnostics) this.#stream.write(line);
    else this.#dropped++;
  }

  /** Whether records are refused at the moment. */
  get isStalled(): boolean {
    return this.#stream.writableLength >= (this.#isEnding ? 1 : maxWaiting.records);
  }

  /** Resolves once the operating system has the lines. */
  record(lines: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#unwritten.add(reject);
      this.#stream.write(lines, (error) => {
        this.#unwritten.delete(reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Waits for records that are not written for at most `timeout` milliseconds: a stalled reader must not prevent a shutdown. */
  end(timeout: number): void {
    setTimeout(() => {
      this.#isEnding = true;
      for (const reject of this.#unwritten) reject(new Error("the log is not being read"));
    }, timeout).unref();
  }

  /** Waits until everything is written, for at most `timeout` milliseconds. */
  async flush(timeout: number): Promise<void> {
    const written = this.record("").catch(() => {}); // a log that fails must not prevent a clean shutdown
    await Promise.race([written, sleep(timeout, undefined, { ref: false })]);
  }
}
