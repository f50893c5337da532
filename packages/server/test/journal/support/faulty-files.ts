import { rmSync, truncateSync } from "node:fs";
import { basename } from "node:path";
import { type JournalFiles, journalFiles, type OpenFile } from "@carnet/server/journal/journal-files";

type Operation = "create" | "append" | "truncate" | "sync" | "syncFolder";

/** The real file system with faults: it can run out of space, fail, and lose what was not synced. */
export class FaultyFiles implements JournalFiles {
  /** The bytes that can still be written. */
  room = Number.POSITIVE_INFINITY;
  /** The code of the error of each failing operation. */
  readonly failing = new Map<Operation, string>();
  /** Called while a sync runs. */
  duringSync = () => {};
  readonly operations: Operation[] = [];
  readonly #files = new Map<string, { written: number; synced: number; isNamed: boolean }>();

  create(path: string): OpenFile {
    this.#operation("create");
    const file = journalFiles.create(path);
    const state = { written: 0, synced: 0, isNamed: false };
    this.#files.set(path, state);
    return {
      ...file,
      append: (data) => {
        this.#operation("append");
        const bytes = Buffer.from(data);
        if (this.room === 0) throw fault("ENOSPC");
        const written = file.append(bytes.subarray(0, Math.min(bytes.length, this.room)));
        this.room -= written;
        state.written += written;
        return written;
      },
      truncate: (size) => {
        this.#operation("truncate");
        file.truncate(size);
        state.written = size;
      },
      sync: async () => {
        const size = state.written;
        this.duringSync();
        this.#operation("sync");
        await file.sync();
        state.synced = size;
      },
    };
  }

  rename(from: string, to: string): void {
    journalFiles.rename(from, to);
    const state = this.#files.get(from);
    if (state === undefined) return;
    this.#files.delete(from);
    this.#files.set(to, { ...state, isNamed: false });
  }

  setAside(path: string): void {
    journalFiles.setAside(path);
  }

  remove(path: string): void {
    journalFiles.remove(path);
  }

  syncFolder(folder: string): void {
    this.#operation("syncFolder");
    journalFiles.syncFolder(folder);
    for (const [path, state] of this.#files) if (path.startsWith(folder)) state.isNamed = true;
  }

  async freeBytes(): Promise<number> {
    return this.room;
  }

  /** What a power loss leaves in the worst case: no byte and no name that was not synced. */
  losePower(): void {
    for (const [path, { synced, isNamed }] of this.#files) {
      if (isNamed) truncateSync(path, synced);
      else rmSync(path, { force: true });
    }
  }

  get names(): readonly string[] {
    return [...this.#files.keys()].map((path) => basename(path));
  }

  #operation(operation: Operation): void {
    this.operations.push(operation);
    const code = this.failing.get(operation);
    if (code !== undefined) throw fault(code);
  }
}

const fault = (code: string): Error => Object.assign(new Error(`${code}: planted`), { code, syscall: "write" });
