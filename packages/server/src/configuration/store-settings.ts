import { longestStoreGrace } from "@carnet/core/revocation/revocation";
import { postgresUrlForm } from "../store/postgres/postgres-address.ts";
import { setting } from "./setting.ts";
import { duration, parseCommand, parseMasterKey, parsePath, parseStore, wholeNumber } from "./setting-values.ts";

/** The store, the files of the service, and the key that encrypts secrets. */
export const storeSettings = {
  dataDir: setting({
    environment: "CARNET_DATA_DIR",
    flag: "--data-dir <path>",
    description: "The folder for Carnet's own files. Created with mode 0700.",
    accepts: "the path of a folder",
    otherwise: "`.carnet`",
    parse: parsePath,
  }),
  store: setting({
    environment: "CARNET_STORE",
    flag: "--store <url>",
    description: "The database of clients and keys.",
    accepts: `sqlite:PATH, or ${postgresUrlForm}`,
    otherwise: "`sqlite:` and `carnet.db` in the data folder",
    parse: parseStore,
  }),
  storePasswordFile: setting({
    environment: "CARNET_STORE_PASSWORD_FILE",
    flag: "--store-password-file <path>",
    description:
      "The file that contains the password of the PostgreSQL user. It is read again for each connection, so the password can be rotated.",
    accepts: "the path of a file",
    otherwise: "none",
    parse: parsePath,
  }),
  storeConnections: setting({
    environment: "CARNET_STORE_CONNECTIONS",
    flag: "--store-connections <number>",
    description: "The most connections of this process to PostgreSQL. SQLite has one.",
    accepts: "a whole number from 2 to 100",
    otherwise: "10",
    parse: (text) => wholeNumber(text, 2, 100),
  }),
  storeTimeout: setting({
    environment: "CARNET_STORE_TIMEOUT",
    flag: "--store-timeout <duration>",
    description: "How long to wait for the store while another process writes to it.",
    ...duration(0, 60_000, "ms"),
    otherwise: "5s",
  }),
  storeGrace: setting({
    environment: "CARNET_STORE_GRACE",
    flag: "--store-grace <duration>",
    description:
      "How long clients in memory still get tokens while the store is away. A client that is disabled meanwhile gets tokens for as long.",
    ...duration(0, longestStoreGrace, "ms"),
    otherwise: "15m",
  }),
  masterKey: setting({
    environment: "CARNET_MASTER_KEY",
    flag: undefined,
    description: "The key that encrypts the secrets in the store.",
    accepts: "32 bytes in base64",
    otherwise: "printed by the master key command, or read from the master key file",
    secret: true,
    parse: parseMasterKey,
  }),
  masterKeyFile: setting({
    environment: "CARNET_MASTER_KEY_FILE",
    flag: "--master-key-file <path>",
    description: "The file that contains the master key.",
    accepts: "the path of a file with 32 bytes in base64",
    otherwise:
      "`master.key` in the data folder, created by the first start with mode 0600; required with PostgreSQL, unless CARNET_MASTER_KEY or CARNET_MASTER_KEY_COMMAND is set",
    parse: parsePath,
  }),
  masterKeyCommand: setting({
    environment: "CARNET_MASTER_KEY_COMMAND",
    flag: "--master-key-command <command>",
    description:
      "The command that prints the master key, such as that of a key management service. A shell runs it once in each process, at the start, for 30 seconds at most.",
    accepts: "a command of the shell that prints 32 bytes in base64",
    otherwise: "none",
    parse: parseCommand,
  }),
  adminFile: setting({
    environment: "CARNET_ADMIN_FILE",
    flag: "--admin-file <path>",
    description: "The file to which the service writes the credentials of the first admin client.",
    accepts: "the path of a file",
    otherwise: "`admin.json` in the data folder",
    parse: parsePath,
  }),
} as const;
