import { createHash } from "node:crypto";
import { cpSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { registerClient } from "@carnet/core/client/register-client";
import { openTestRegistry } from "@carnet/testkit/open-test-registry";
import { type TemporaryFolder, temporaryFolder } from "@carnet/testkit/temporary-folder";

/** A closed store with clients in it. */
export interface StoreFiles extends TemporaryFolder {
  readonly database: string;
  readonly clients: readonly Credentials[];
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export const openStore = (folder: string) => openTestRegistry(join(folder, "carnet.db"));

/** Creates a store in a new folder, with clients named `client-000` and so on. */
export async function makeStore(numberOfClients = 1): Promise<StoreFiles> {
  const folder = await temporaryFolder();
  const registry = await openStore(folder.path);
  const clients: Credentials[] = [];
  for (let number = 0; number < numberOfClients; number++) {
    const client_id = `client-${String(number).padStart(3, "0")}`;
    const registered = await registerClient({ client_id, client_name: "n".repeat(200), scope: "x" }, registry);
    if (!registered.ok) throw new Error(JSON.stringify(registered.error));
    clients.push({ id: client_id, secret: registered.value.generatedSecret?.reveal() ?? "" });
  }
  await registry.close();
  return { ...folder, database: folder.file("carnet.db"), clients };
}

/** Copies a store to a new folder. */
export async function copyStore(store: StoreFiles): Promise<StoreFiles> {
  const folder = await temporaryFolder();
  cpSync(store.path, folder.path, { recursive: true });
  return { ...folder, database: folder.file("carnet.db"), clients: store.clients };
}

/**
 * The hash of each file in a folder. Leaves out an empty write-ahead log, which is the same as none, and the index of
 * the log, which SQLite rebuilds.
 */
export function contentsOf(folder: string): Record<string, string> {
  const files = globSync("**", { cwd: folder }).filter((name) => statSync(join(folder, name)).isFile());
  const listed = files.filter((name) => {
    const emptyLog = name.endsWith("-wal") && statSync(join(folder, name)).size === 0;
    return !name.endsWith("-shm") && !emptyLog;
  });
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(listed.sort().map((name) => [name, hash(name)]));
}
