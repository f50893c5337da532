import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Redacted } from "@carnet/protocol/redacted";
import { quoted } from "@carnet/protocol/shell-word";
import { codeOf, OperatorFault } from "../fault.ts";
import { createAtomically, writePrivate } from "./atomic-file.ts";
import type { Configuration } from "./load-configuration.ts";
import { runKeyCommand } from "./master-key-command.ts";
import { parseMasterKey } from "./setting-values.ts";
import { type Forbidden, forbidden, readTrusted } from "./trusted-file.ts";

/** What the commands have printed: a start that waits for the store opens it again and again. */
const printed = new WeakMap<Configuration, Promise<KeyObject>>();

/**
 * Returns the given master key, has its command print it, or reads it from its file. If none is given and the store is
 * still empty, creates a file in the data folder, but not for PostgreSQL, because another node would not have it. Throws
 * an OperatorFault if the key of an existing store is missing.
 */
export async function obtainMasterKey(configuration: Configuration, storeIsSealed: boolean): Promise<KeyObject> {
  if (configuration.masterKey !== undefined) return configuration.masterKey;
  if (configuration.masterKeyCommand !== undefined) {
    const running = printed.get(configuration) ?? runKeyCommand(configuration.masterKeyCommand);
    printed.set(configuration, running);
    return running;
  }
  // Others may read a file that the operator names: Kubernetes mounts secrets with mode 0644
  if (configuration.masterKeyFile !== undefined)
    return readKeyFile(configuration.masterKeyFile, forbidden.write, givenKey());
  const { store } = configuration;
  if (store.kind === "postgres") throw new OperatorFault(keyNeeded);
  const path = join(configuration.dataDir, "master.key");
  if (!storeIsSealed) createKeyFile(path);
  return readKeyFile(path, forbidden.access, givenKey(keyBesideStore(store.path, path)));
}

const keyNeeded =
  "A store on PostgreSQL needs a master key that all nodes share, and none is given: make one with `openssl rand -base64 32`, keep it in a safe place, and give it to each node in CARNET_MASTER_KEY, as a file in CARNET_MASTER_KEY_FILE, or by a command in CARNET_MASTER_KEY_COMMAND.";

/** Where the next master key is. */
export type NewMasterKeySource =
  | { readonly file: string }
  | { readonly command: string }
  /** The key itself, from the environment. */
  | { readonly text: Redacted<string> };

/** Reads the key that is to replace the master key. Throws an OperatorFault if there is none. */
export async function readNewMasterKey(source: NewMasterKeySource): Promise<KeyObject> {
  if ("command" in source) return runKeyCommand(source.command);
  if ("file" in source) return readKeyFile(source.file, forbidden.write, newKey);
  const key = parseMasterKey(source.text.reveal());
  if (!key.ok)
    throw new OperatorFault(
      "CARNET_NEW_MASTER_KEY does not hold 32 bytes in base64: make a key with `openssl rand -base64 32`.",
    );
  return createSecretKey(key.value);
}

/** What to do when a key file is of no use. */
interface KeyFileAdvice {
  readonly unreadable: string;
  readonly invalid: string;
}

const givenKey = (hint = ""): KeyFileAdvice => ({
  unreadable: `put back the one that the store was made with, or give the key as the service gets it, with CARNET_MASTER_KEY_FILE, CARNET_MASTER_KEY or CARNET_MASTER_KEY_COMMAND; for a new store, any 32 random bytes in base64 will do.${hint}`,
  invalid: "put the right file back.",
});

const newKey: KeyFileAdvice = {
  unreadable: "make a key with `openssl rand -base64 32`, and name its file in --new-master-key-file.",
  invalid: "make a key with `openssl rand -base64 32`.",
};

function readKeyFile(path: string, bits: Forbidden, advice: KeyFileAdvice): KeyObject {
  let text: string;
  try {
    text = readTrusted(path, bits);
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    // A common mistake, and the message must not repeat the key
    if (parseMasterKey(path).ok)
      throw new OperatorFault(
        "The path of the master key file looks like a key itself: write the key into a file, and give its path.",
      );
    throw new OperatorFault(`The master key file ${path} cannot be read${codeOf(error)}: ${advice.unreadable}`);
  }
  const key = parseMasterKey(text);
  if (!key.ok)
    throw new OperatorFault(`The master key file ${path} does not hold 32 bytes in base64: ${advice.invalid}`);
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
