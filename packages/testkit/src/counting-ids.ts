import type { EventIds } from "@carnet/core/audit/recorder";

/** Event ids `event-1`, `event-2` and so on. */
export function countingIds(): EventIds {
  let drawn = 0;
  return { next: () => `event-${++drawn}` };
}
