import { createSecretKey, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { OperatorFault } from "../fault.ts";
import type { Configuration } from "./load-configuration.ts";
import { parseMasterKey } from "./settings.ts";

/**
 * The master key: as given, or from its file. Where neither is given and the store is still empty, a file is made
 * beside the store, readable by its owner only. Throws an OperatorFault where there is none for a store that has one.
 */
export function obtainMasterKey(configuration: Configuration, storeIsSealed: boolean): KeyObject {
  if (configuration.masterKey !== undefined) return configuration.masterKey;
  if (configuration.masterKeyFile !== undefined) return readKeyFile(configuration.masterKeyFile);
  const path = join(dirname(configuration.store.path), "master.key");
  if (!storeIsSealed) makeKeyFile(path);
  return readKeyFile(path);
}

function readKeyFile(path: string): KeyObject {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new OperatorFault(
      `The master key file ${path} cannot be read${codeOf(error)}: put back the one that the store was made with, or name another in CARNET_MASTER_KEY_FILE; for a new store, any 32 random bytes in base64 will do.`,
    );
  }
  const key = parseMasterKey(text);
  if (!key.ok)
    throw new OperatorFault(`The master key file ${path} does not hold 32 bytes in base64: put the right file back.`);
  return createSecretKey(key.value);
}

/** Makes the file whole or not at all, and leaves one that is there alone. */
function makeKeyFile(path: string): void {
  // Not by the process id: in a container that is the same after each restart, and a draft may have been left behind
  const draft = `${path}.${randomUUID()}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(draft, "wx", 0o600);
    try {
      writeSync(file, `${randomBytes(32).toString("base64")}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(draft, path); // fails where the file exists: another process was quicker
  } catch (error) {
    if (codeOf(error) !== " (EEXIST)") {
      throw new OperatorFault(
        `The master key file ${path} cannot be made${codeOf(error)}: let this user write there, or give a key in CARNET_MASTER_KEY.`,
      );
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder); // the name must survive a power loss as well as the content
  closeSync(folder);
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? ` (${error.code})` : "");
