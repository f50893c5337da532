import { setImmediate as endOfTurn } from "node:timers/promises";
import type { SecretUse } from "@carnet/core/client/client-secret";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type { TokenRecord, TokenRecorder } from "@carnet/core/token/token-record";
import type { DestinationStream } from "pino";

/**
 * Keeps token records as log lines, one for each, in the shape of all other lines. Records that come in one turn of the
 * event loop are written together, and each of their answers waits until then. A journal will take this place.
 */
export function createTokenLog(destination: DestinationStream): TokenRecorder {
  let lines = "";
  let writing: Promise<void> | undefined;
  const write = (): void => {
    const together = lines;
    lines = "";
    writing = undefined;
    destination.write(together);
  };
  return {
    record(record) {
      lines += lineOf(record);
      writing ??= endOfTurn().then(write);
      return writing;
    },
  };
}

/** Not by pino, which takes almost three times as long for it: facts are all of JSON's own types. */
function lineOf(record: TokenRecord): string {
  const level = record.event === "token_issued" ? "info" : "warn";
  return `{"level":"${level}","time":"${isoTime(record.at)}",${JSON.stringify(record).slice(1)}\n`;
}

let lastTime = { at: Number.NaN, iso: "" };

/** Many records are of one millisecond. */
function isoTime(at: number): string {
  if (at !== lastTime.at) lastTime = { at, iso: new Date(at).toISOString() };
  return lastTime.iso;
}

/** Notes from each token's record when and from where its secret was last used. */
export function recordUses(uses: SecretUses, recorder: TokenRecorder): TokenRecorder {
  // Many uses are of one millisecond and address, and each is kept for seconds
  let last: SecretUse = { at: Number.NaN, from: "" };
  return {
    record(record) {
      if (record.event === "token_issued") {
        const { at, address: from } = record;
        if (last.at !== at || last.from !== from) last = { at, from };
        uses.note(record.secretId, last);
      }
      return recorder.record(record);
    },
  };
}
