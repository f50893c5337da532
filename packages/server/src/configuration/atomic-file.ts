import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "../fault.ts";

/** Creates a file atomically, and its folder if it is missing. Leaves an existing file alone. */
export function createAtomically(path: string, fill: (draft: string) => void): void {
  placeAtomically(path, fill, (draft) => {
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
  });
}

/** Creates or replaces a file atomically, readable by its owner only. */
export function replaceAtomically(path: string, text: string): void {
  placeAtomically(path, writePrivate(text), (draft) => renameSync(draft, path));
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

/** A folder that is made here gets secrets, so git ignores it. A folder that was there before belongs to the user. */
function makeFolder(folder: string): void {
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  if (isNew) writeFileSync(join(folder, ".gitignore"), "*\n", { mode: 0o600 });
}

function placeAtomically(path: string, fill: (draft: string) => void, place: (draft: string) => void): void {
  // Not the process id: in a container it is the same after each restart, and a crash may leave a draft
  const draft = `${path}.${randomUUID()}.new`;
  makeFolder(dirname(path));
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
