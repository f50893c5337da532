import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fillRegistry } from "./fill-registry.ts";
import { type NumberedClient, numberedClient } from "./numbered-client.ts";

/**
 * The path of a store with this many numbered clients. It is filled once and reused until the store code changes.
 */
export async function filledStore(
  cache: string,
  clients: number,
  onProgress: (batch: number) => void,
): Promise<string> {
  const folder = join(cache, `${clients}-clients-${fingerprintOfStoreCode()}`);
  const store = join(folder, "carnet.db");
  if (existsSync(folder)) return store;
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  let done = 0;
  await fillRegistry(join(draft, "carnet.db"), numbered(clients), (now) => {
    onProgress(now - done);
    done = now;
  });
  renameSync(draft, folder);
  return store;
}

function* numbered(clients: number): Iterable<NumberedClient> {
  for (let number = 0; number < clients; number++) yield numberedClient(number);
}

function fingerprintOfStoreCode(): string {
  const packages = fileURLToPath(new URL("../../../packages", import.meta.url));
  const files = globSync(["server/src/store/**/*.ts", "server/src/crypto/*.ts", "core/src/client/*.ts"], {
    cwd: packages,
  }).toSorted();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(join(packages, file)));
  return hash.digest("hex").slice(0, 12);
}
