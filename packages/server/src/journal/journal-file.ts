import { dirname, join } from "node:path";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { JournalFiles, OpenFile } from "./journal-files.ts";
import { chained, emptyChain, type JournalHead, type JournalRecord } from "./journal-sink.ts";

/** The bytes of a removed file that are copied at a time. */
const copyBytes = 1024 * 1024;

/** One file of the journal, which this process writes. */
export class JournalFile {
  /** The newest record that is on disk. */
  synced: JournalHead;
  /** The file ends with part of a record, or the disk failed. Nothing more may be written to it. */
  isBroken = false;
  readonly #path: string;
  readonly #files: JournalFiles;
  #file: OpenFile;
  #head: JournalHead;
  #size = 0;
  #isNamed = false;
  #syncFailure: unknown;

  /** Creates the file. Throws if it exists. */
  constructor(folder: string, name: string, files: JournalFiles) {
    this.#path = join(folder, `${name}.jsonl`);
    this.#files = files;
    this.#file = files.create(this.#path);
    this.#head = emptyChain(name);
    this.synced = this.#head;
  }

  get unsyncedRecords(): number {
    return this.#head.records - this.synced.records;
  }

  get size(): number {
    return this.#size;
  }

  /** Writes records at once. Throws if the disk does not take all of them, and then leaves nothing of them. */
  append(records: readonly JournalRecord[]): void {
    const { lines, head } = chained(records, this.#head);
    this.#write(lines);
    this.#head = head;
  }

  /** Resolves once everything that was written before the call is on disk. */
  async sync(): Promise<void> {
    const head = this.#head;
    if (head === this.synced && this.#isNamed) return;
    // After a failed sync, nobody knows what is on disk, and the next one can succeed nonetheless
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    try {
      await this.#file.sync();
      if (!this.#isNamed) this.#files.syncFolder(dirname(this.#path));
    } catch (error) {
      this.#syncFailure = error;
      this.isBroken = true;
      throw error;
    }
    this.#isNamed = true;
    this.synced = head;
  }

  get isInPlace(): boolean {
    return this.#file.isAt(this.#path);
  }

  /**
   * Puts a removed file back, from its descriptor, which is still open. Keeps what took its place, as `<path>.replaced`.
   * The file must be synced afterwards.
   */
  async restore(): Promise<void> {
    const draft = `${this.#path}.new`;
    this.#files.remove(draft);
    const copy = this.#files.create(draft);
    try {
      const parts = this.#copyTo(copy);
      while (parts.next().done !== true) await endOfTurn();
      // Nothing is awaited from the last part on: what is appended in between would be lost with the old file
      this.#files.setAside(this.#path);
      this.#files.rename(draft, this.#path);
    } catch (error) {
      copy.close();
      this.#files.remove(draft);
      throw error;
    }
    this.#file.close();
    this.#file = copy;
    this.#isNamed = false;
  }

  close(): void {
    this.#file.close();
  }

  #write(text: string): void {
    const length = Buffer.byteLength(text);
    try {
      const written = this.#file.append(text);
      if (written < length) appendAll(this.#file, Buffer.from(text).subarray(written));
    } catch (error) {
      this.#dropPart();
      throw error;
    }
    this.#size += length;
  }

  #dropPart(): void {
    try {
      this.#file.truncate(this.#size);
    } catch {
      this.isBroken = true;
    }
  }

  /** Yields after each part but the last, so that requests can run in between. */
  *#copyTo(copy: OpenFile): Generator<void, void, void> {
    const buffer = new Uint8Array(copyBytes);
    for (let copied = 0; copied < this.#size; ) {
      const length = this.#file.read(buffer, copied);
      if (length === 0) return; // somebody truncated the file; verification will name it
      appendAll(copy, buffer.subarray(0, length));
      copied += length;
      if (this.#size - copied > copyBytes) yield;
    }
  }
}

/** A disk that fills up takes a part first, and fails on the rest. */
function appendAll(file: OpenFile, data: Uint8Array): void {
  for (let rest = data; rest.length > 0; ) rest = rest.subarray(file.append(rest));
}
