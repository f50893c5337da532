import type { SecretUse } from "@carnet/core/client/client-secret";
import type { SecretUses } from "@carnet/core/client/secret-uses";
import type { TokenRecorder } from "@carnet/core/token/token-record";

/** Notes from each recorded token when and from where its secret was last used. */
export function recordUses(uses: SecretUses, recorder: TokenRecorder): TokenRecorder {
  // Many uses share a millisecond and an address, and each is kept for seconds, so share the object
  let last: SecretUse = { at: Number.NaN, from: "" };
  return {
    record(record) {
      const recorded = recorder.record(record); // throws if the token cannot be recorded, and so is not issued
      if (record.event === "token_issued") {
        const { at, address: from } = record;
        if (last.at !== at || last.from !== from) last = { at, from };
        uses.note(record.secretId, last);
      }
      return recorded;
    },
  };
}
