import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { quoted } from "@carnet/protocol/shell-word";
import { OperatorFault } from "../fault.ts";
import { createAtomically, writePrivate } from "./atomic-file.ts";
import type { Configuration } from "./load-configuration.ts";
import { parseMasterKey } from "./setting-values.ts";
import { type Forbidden, forbidden, readTrusted } from "./trusted-file.ts";

/**
 * Returns the given master key, or reads it from its file. If neither is given and the store is still empty, creates a
 * file in the data folder, but not for PostgreSQL, because another node would not have it. Throws an OperatorFault if the
 * key of an existing store is missing.
 */
export function obtainMasterKey(configuration: Configuration, storeIsSealed: boolean): KeyObject {
  if (configuration.masterKey !== undefined) return configuration.masterKey;
  // Others may read a file that the operator names: Kubernetes mounts secrets with mode 0644
  if (configuration.masterKeyFile !== undefined) return readKeyFile(configuration.masterKeyFile, forbidden.write);
  const { store } = configuration;
  if (store.kind === "postgres") throw new OperatorFault(keyNeeded);
  const path = join(configuration.dataDir, "master.key");
  if (!storeIsSealed) createKeyFile(path);
  return readKeyFile(path, forbidden.access, keyBesideStore(store.path, path));
}

const keyNeeded =
  "A store on PostgreSQL needs a master key that all nodes share, and none is given: make one with `openssl rand -base64 32`, keep it in a safe place, and give it to each node in CARNET_MASTER_KEY or as a file in CARNET_MASTER_KEY_FILE.";

function readKeyFile(path: string, bits: Forbidden, hint = ""): KeyObject {
  let text: string;
  try {
    text = readTrusted(path, bits);
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    throw new OperatorFault(
      `The master key file ${path} cannot be read${codeOf(error)}: put back the one that the store was made with, or name another in CARNET_MASTER_KEY_FILE; for a new store, any 32 random bytes in base64 will do.${hint}`,
    );
  }
  const key = parseMasterKey(text);
  if (!key.ok)
    throw new OperatorFault(`The master key file ${path} does not hold 32 bytes in base64: put the right file back.`);
  return createSecretKey(key.value);
}

/** Earlier versions kept the key and the admin file beside the database. */
function keyBesideStore(store: string, path: string): string {
  const beside = join(dirname(store), "master.key");
  if (relative(beside, path) === "" || !existsSync(beside)) return "";
  return ` Carnet no longer looks beside the database: to use ${beside}, start with \`--data-dir ${quoted(dirname(store))}\` (CARNET_DATA_DIR) or \`--master-key-file ${quoted(beside)}\`.`;
}

function createKeyFile(path: string): void {
  try {
    createAtomically(path, writePrivate(`${randomBytes(32).toString("base64")}\n`));
  } catch (error) {
    throw new OperatorFault(
      `The master key file ${path} cannot be created${codeOf(error)}: let this user write there, or give a key in CARNET_MASTER_KEY.`,
    );
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? ` (${error.code})` : "");
