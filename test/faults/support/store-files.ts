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

/** Makes a store of its own in a new folder, in which `client-000` and those after it are registered. */
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

/** The same files in a folder of their own. */
export async function copyStore(store: StoreFiles): Promise<StoreFiles> {
  const folder = await temporaryFolder();
  cpSync(store.path, folder.path, { recursive: true });
  return { ...folder, database: folder.file("carnet.db"), clients: store.clients };
}

/**
 * What lies in a folder, by its hash. Without the index of the write-ahead log, which is worked out anew, and without a
 * log that is empty, which is as good as none.
 */
export function contentsOf(folder: string): Record<string, string> {
  const files = globSync("**", { cwd: folder }).filter((name) => statSync(join(folder, name)).isFile());
  const kept = files.filter((name) => {
    const emptyLog = name.endsWith("-wal") && statSync(join(folder, name)).size === 0;
    return !name.endsWith("-shm") && !emptyLog;
  });
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(kept.sort().map((name) => [name, hash(name)]));
}
