import type { EventIds } from "@carnet/core/audit/recorder";
import type { RandomSource } from "@carnet/core/ports";

/**
 * Ids of events: a random part for the process, and a counter. Padded, so that the events of a process sort in order.
 * Cheap, because every token draws one.
 */
export function createEventIds(random: Pick<RandomSource, "bytes">): EventIds & { readonly process: string } {
  const process = Buffer.from(random.bytes(6)).toString("hex");
  let drawn = 0;
  return {
    process,
    next: () => `${process}-${(drawn++).toString(36).padStart(8, "0")}`,
  };
}
