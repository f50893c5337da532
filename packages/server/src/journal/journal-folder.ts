import { day } from "@carnet/core/audit/usage";
import type { Clock } from "@carnet/core/ports";
import type { Log } from "../log/logger.ts";
import { SingleFlight } from "../single-flight.ts";
import { JournalFile } from "./journal-file.ts";
import type { JournalFiles } from "./journal-files.ts";
import { emptyChain, type JournalHead, type JournalRecord, type JournalSink, type PutHead } from "./journal-sink.ts";

export interface JournalFolderOptions {
  readonly folder: string;
  /** Different for each process, so that several can write to one folder. */
  readonly process: string;
  /** The size of a file at which the next one is begun. */
  readonly fileSize: number;
  /** `strict`: a record resolves when it is on disk. `second`: when the operating system has it. */
  readonly sync: "strict" | "second";
  readonly files: JournalFiles;
  readonly putHead: PutHead;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the anchor of a file without new records is renewed, in milliseconds: less often, so that an idle disk can rest. */
const renewAfter = 60_000;

/** The room that a disk must have before a journal that failed goes on, so that it does not fail again at once. */
const neededRoom = 1024 * 1024;

/**
 * The journal as files, one for each day and process, rotated by size as well. Records are written synchronously: that
 * takes 2 microseconds, and an asynchronous write takes 17.
 */
export class JournalFolder implements JournalSink {
  readonly #options: JournalFolderOptions;
  #begun = 0;
  #current: { readonly file: JournalFile; readonly until: number } | undefined;
  /** Files that still have to be synced and closed. */
  #retired: JournalFile[] = [];
  /** The last heads of closed files that are not anchored yet. */
  readonly #ended = new Set<JournalHead>();
  #anchored: { readonly head: JournalHead; readonly at: number } | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #nextSync: Promise<void> | undefined;
  readonly #rotation = new SingleFlight(() => this.#rotate());
  #rotationFails = false;
  #syncedAt: number;

  constructor(options: JournalFolderOptions) {
    this.#options = options;
    this.#syncedAt = options.clock.now();
  }

  get unsynced(): JournalSink["unsynced"] {
    const files = [...this.#retired, ...(this.#current === undefined ? [] : [this.#current.file])];
    return { records: files.reduce((sum, file) => sum + file.unsyncedRecords, 0), since: this.#syncedAt };
  }

  append(records: readonly JournalRecord[]): void | Promise<void> {
    const file = this.#current?.file;
    if (file === undefined) throw new Error("the journal has no file");
    try {
      file.append(records);
    } catch (error) {
      // A new file may be possible where this one cannot grow. An empty one is used again, so that they do not pile up
      if (file.isBroken || file.size > 0) this.#retire();
      throw error;
    }
    return this.#options.sync === "strict" ? this.#synced() : undefined;
  }

  async hasRoom(): Promise<boolean> {
    const { files, folder } = this.#options;
    // A removed folder is made again with the next file
    return (await files.freeBytes(folder).catch(() => neededRoom)) >= neededRoom;
  }

  async maintain(): Promise<void> {
    await this.#inTurn(async () => this.#current && this.#putBack(this.#current.file));
    const rotated = this.#rotation.run();
    if (this.#current === undefined) await rotated;
    else rotated.catch(() => {}); // the store can be slow, and syncing must not wait for it
    await this.#synced();
  }

  async anchor(): Promise<void> {
    const { putHead, clock } = this.#options;
    await this.#synced();
    for (const head of this.#ended) {
      await putHead(head);
      this.#ended.delete(head);
    }
    const head = this.#current?.file.synced;
    const at = clock.now();
    // An old anchor means that the process is dead. The clock can also be set back
    const isNew = this.#anchored !== undefined && Math.abs(at - this.#anchored.at) < renewAfter;
    if (head === undefined || (head === this.#anchored?.head && isNew)) return;
    await putHead(head);
    this.#anchored = { head, at };
  }

  async close(): Promise<void> {
    this.#retire();
    await this.#synced();
  }

  /** Begins the next file if it is time. If that fails, the present file is used longer. */
  async #rotate(): Promise<void> {
    const { clock, fileSize, log } = this.#options;
    // A clock that is set back does not end a file
    const isDue = ({ file, until }: { file: JournalFile; until: number }) =>
      file.size >= fileSize || clock.now() >= until;
    if (this.#current !== undefined && !isDue(this.#current)) return;
    try {
      await this.#begin();
    } catch (error) {
      if (this.#current === undefined) throw error;
      if (!this.#rotationFails) log.fault("journal_rotation_failed", error, { detail: goesOn });
      this.#rotationFails = true;
      return;
    }
    this.#rotationFails = false;
  }

  /** The store knows a file before the file exists, so that a crash in between does not leave an unknown file. */
  async #begin(): Promise<void> {
    const { folder, process, files, clock, putHead } = this.#options;
    const now = clock.now();
    const date = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
    const name = `${date}-${process}-${this.#begun + 1}`;
    await putHead(emptyChain(name));
    const file = new JournalFile(folder, name, files);
    this.#begun++;
    this.#retire();
    this.#current = { file, until: (Math.floor(now / day) + 1) * day };
  }

  #retire(): void {
    if (this.#current !== undefined) this.#retired.push(this.#current.file);
    this.#current = undefined;
  }

  /** Group commit: records that are written while a sync runs share the next one. */
  #synced(): Promise<void> {
    this.#nextSync ??= this.#inTurn(async () => {
      this.#nextSync = undefined;
      return this.#syncAll();
    });
    return this.#nextSync;
  }

  async #syncAll(): Promise<void> {
    for (const file of [...this.#retired]) await this.#end(file);
    const file = this.#current?.file;
    try {
      await file?.sync();
    } catch (error) {
      if (file === this.#current?.file) this.#retire();
      throw error;
    }
    this.#syncedAt = this.#options.clock.now();
  }

  /** A broken file stays open in the store, because its end is not known. */
  async #end(file: JournalFile): Promise<void> {
    await this.#putBack(file); // if this fails, it is tried again: only the descriptor has the records
    try {
      await file.sync();
    } finally {
      this.#retired = this.#retired.filter((other) => other !== file);
      this.#ended.add({ ...file.synced, state: file.isBroken ? "open" : "closed" });
      file.close();
    }
  }

  async #putBack(file: JournalFile): Promise<void> {
    if (file.isInPlace) return;
    await file.restore();
    this.#options.log.warn("journal_file_restored", { file: file.synced.file, detail: restored });
  }

  /** One at a time: a descriptor must not be closed while it is being synced. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#lastTurn.then(work);
    this.#lastTurn = done.catch(() => {});
    return done;
  }
}

const restored =
  "the file was removed, moved or replaced while it was being written: find out by whom. No record of it was lost; earlier files in the folder may be: run `carnet audit verify`";

const goesOn =
  "the present file is used longer; rotation is tried again every second: let this user write in the folder and in the store";
