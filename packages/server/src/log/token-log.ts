import type { SecretUses } from "@carnet/core/client/secret-uses";
import type { TokenRecorder } from "@carnet/core/token/token-record";
import type { Log } from "./logger.ts";

/** Keeps token records as log lines, one for each. A journal will take this place. */
export const createTokenLog = (log: Log): TokenRecorder => ({
  record({ event, ...facts }) {
    if (event === "token_issued") log.info(event, facts);
    else log.warn(event, facts);
  },
});

/** Notes from each token's record when and from where its secret was last used. */
export const recordUses = (uses: SecretUses, recorder: TokenRecorder): TokenRecorder => ({
  record(record) {
    if (record.event === "token_issued") uses.note(record.secretId, { at: record.at, from: record.address });
    return recorder.record(record);
  },
});
