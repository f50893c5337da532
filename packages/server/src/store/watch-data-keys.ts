import type { Log } from "../log/logger.ts";
import type { DataKeys } from "./sql/data-keys.ts";

const advice =
  "`carnet master-key rotate --finish` or `--cancel` has removed the master key of this process: restart it with the one that opens the store. Until then it is not ready.";

/** Returns a task that reads the data keys, and reports once if the master key of this process opens them no longer. */
export function watchDataKeys(dataKeys: DataKeys, log: Log): () => Promise<void> {
  let reported = false;
  return async () => {
    await dataKeys.refresh();
    if (dataKeys.isReplaced && !reported) log.warn("master_key_replaced", { detail: advice });
    reported = dataKeys.isReplaced;
  };
}
