import type { TokenRecorder } from "@carnet/core/token/token-record";
import type { Log } from "./logger.ts";

/** Keeps token records as log lines, one for each. A journal will take this place. */
export const createTokenLog = (log: Log): TokenRecorder => ({
  record({ event, ...facts }) {
    if (event === "token_issued") log.info(event, facts);
    else log.warn(event, facts);
  },
});
