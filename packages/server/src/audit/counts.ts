import { UsageCounter } from "@carnet/core/audit/usage-counter";
import type { BackgroundTask } from "../background.ts";
import type { SqlUsageStore } from "../store/sql/usage-store.ts";
import type { EventConsumer } from "./record-events.ts";
import { Refusals, type RefusalsPorts } from "./refusals.ts";

/** How often to save usage and refusals, and to delete or fold old ones, in milliseconds. */
const intervals = { usage: 10_000, refusals: 1000, oldRefusals: 60_000, oldUsage: 3_600_000 } as const;

export interface EventCounts {
  readonly usage: UsageCounter;
  readonly consumers: readonly EventConsumer[];
  readonly tasks: readonly BackgroundTask[];
  /** Saves everything that was counted so far. */
  save(): Promise<void>;
}

/** Usage and refusals: counted in memory while requests run, and saved in the background. */
export function countEvents({
  usageStore,
  ...ports
}: Omit<RefusalsPorts, "usage"> & { readonly usageStore: SqlUsageStore }): EventCounts {
  const usage = new UsageCounter(usageStore);
  const refusals = new Refusals({ ...ports, usage });
  const saveUsage = async (): Promise<void> => {
    const events = usage.takeLeftOut();
    if (events > 0) ports.log.warn("usage_not_counted", { events });
    await usage.flush();
  };
  return {
    usage,
    consumers: [usage, refusals],
    tasks: [
      { name: "usage", every: intervals.usage, run: saveUsage },
      { name: "refusals", every: intervals.refusals, run: () => refusals.flush() },
      { name: "old refusals", every: intervals.oldRefusals, run: () => refusals.trim() },
      { name: "old usage", every: intervals.oldUsage, run: () => usageStore.fold(ports.clock.now()) },
    ],
    async save() {
      await refusals.flush(); // first, because it counts refusals of unproved clients as usage
      await saveUsage();
    },
  };
}
