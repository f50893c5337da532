import { ok } from "@carnet/protocol/result";
import { logLevels } from "../log/logger.ts";
import { setting } from "./setting.ts";
import {
  bad,
  byteSize,
  duration,
  parsePath,
  parseWebhookSecret,
  parseWebhookUrl,
  wholeNumber,
} from "./setting-values.ts";

/** What is recorded, where, and for how long. */
export const auditSettings = {
  node: setting({
    environment: "CARNET_NODE",
    flag: "--node <name>",
    description: "The name of this node in events. Set it where the host name changes with each start.",
    accepts: "1 to 63 characters from A-Z, a-z, 0-9, . _ and -",
    otherwise: "the host name",
    parse: (text) => (/^[A-Za-z0-9._-]{1,63}$/.test(text) ? ok(text) : bad),
  }),
  journal: setting({
    environment: "CARNET_JOURNAL",
    flag: "--journal <place>",
    description: "Where events are recorded: a folder of this process's files, or `stdout`, among the log lines.",
    accepts: "the path of a folder, or stdout",
    otherwise: "`journal` in the data folder",
    parse: parsePath,
  }),
  journalSync: setting<"second" | "strict">({
    environment: "CARNET_JOURNAL_SYNC",
    flag: "--journal-sync <mode>",
    description:
      "When records reach the disk. `second`: every second, so a power loss can lose the last second. `strict`: before the answer.",
    accepts: "second, strict",
    otherwise: "second",
    parse: (text) => (text === "second" || text === "strict" ? ok(text) : bad),
  }),
  journalFull: setting<"refuse" | "continue">({
    environment: "CARNET_JOURNAL_FULL",
    flag: "--journal-full <action>",
    description:
      "What to do while the journal cannot be written, such as on a full disk. `refuse`: answer 503. `continue`: go on, and count the events that are lost.",
    accepts: "refuse, continue",
    otherwise: "refuse",
    parse: (text) => (text === "refuse" || text === "continue" ? ok(text) : bad),
  }),
  journalFileSize: setting({
    environment: "CARNET_JOURNAL_FILE_SIZE",
    flag: "--journal-file-size <size>",
    description: "The size at which a file of the journal is rotated, besides every day.",
    ...byteSize(1024 * 1024, 4 * 1024 ** 3),
    otherwise: "64MiB",
  }),
  journalMaxSize: setting({
    environment: "CARNET_JOURNAL_MAX_SIZE",
    flag: "--journal-max-size <size>",
    description: "The size of the journal folder at which its oldest files are deleted.",
    ...byteSize(16 * 1024 * 1024, 1024 ** 5),
    otherwise: "10GiB",
  }),
  auditMaxAge: setting({
    environment: "CARNET_AUDIT_MAX_AGE",
    flag: "--audit-max-age <duration>",
    description: "How long the files of the journal, and the events of changes in the store, are kept.",
    ...duration(1, 3660, "d"),
    otherwise: "400d",
  }),
  refusalsMaxRows: setting({
    environment: "CARNET_REFUSALS_MAX_ROWS",
    flag: "--refusals-max-rows <number>",
    description: "How many recent refusals the store keeps.",
    accepts: "a whole number from 1000 to 10000000",
    otherwise: "100000",
    parse: (text) => wholeNumber(text, 1000, 10_000_000),
  }),
  refusalsMaxAge: setting({
    environment: "CARNET_REFUSALS_MAX_AGE",
    flag: "--refusals-max-age <duration>",
    description: "How long the store keeps recent refusals.",
    ...duration(1, 365, "d"),
    otherwise: "7d",
  }),
  webhookUrl: setting({
    environment: "CARNET_WEBHOOK_URL",
    flag: undefined,
    description: "Where changes, coming expiries and bursts of refusals are sent.",
    accepts: "an https URL (http only for localhost and loopback addresses)",
    otherwise: "none",
    secret: true, // chat services put a secret into the path
    parse: parseWebhookUrl,
  }),
  webhookSecret: setting({
    environment: "CARNET_WEBHOOK_SECRET",
    flag: undefined,
    description: "The key that signs webhooks, in the form of Standard Webhooks. Required with a webhook URL.",
    accepts: "`whsec_` and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` prints",
    otherwise: "none",
    secret: true,
    parse: parseWebhookSecret,
  }),
  logLevel: setting({
    environment: "CARNET_LOG_LEVEL",
    flag: "--log-level <level>",
    description: "The lowest level of diagnostic messages to log. Records of tokens and refusals are always written.",
    accepts: logLevels.join(", "),
    otherwise: "info",
    parse: (text) => {
      const level = logLevels.find((candidate) => candidate === text);
      return level === undefined ? bad : ok(level);
    },
  }),
} as const;
