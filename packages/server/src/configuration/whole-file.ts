import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Makes a file whole or not at all, and its folder if need be. Leaves an existing file alone. */
export function createWhole(path: string, fill: (draft: string) => void): void {
  placeWhole(path, fill, (draft) => {
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  });
}

/** Makes or replaces a file, whole or not at all, readable by its owner only. */
export function replaceWhole(path: string, text: string): void {
  placeWhole(path, writePrivate(text), (draft) => renameSync(draft, path));
}

/** Fills a new file that only its owner can read, and syncs it. */
export const writePrivate = (text: string) => (path: string) => {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

function placeWhole(path: string, fill: (draft: string) => void, place: (draft: string) => void): void {
  // Not named by the process id: in a container that is the same after each restart, and a draft may be left behind
  const draft = `${path}.${randomUUID()}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    fill(draft);
    place(draft);
  } finally {
    rmSync(draft, { force: true });
  }
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder); // the name must survive a power loss as well as the content
  closeSync(folder);
}
