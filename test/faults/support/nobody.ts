import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { giveAway } from "./store-files.ts";

const fixture = fileURLToPath(new URL("./carnet-as-nobody.ts", import.meta.url));

/** `carnet` run by a user that file modes and low ports hold back, which they do not with root. */
export const asNobody: readonly [string, ...string[]] = [process.execPath, fixture];

/** Lets that user have a folder that this process has made. */
export function ownedByNobody(folder: string): void {
  giveAway(folder, 65_534);
  chmodSync(folder, 0o755);
}
