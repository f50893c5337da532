import { setTimeout as pause } from "node:timers/promises";
import { StoreUnavailable } from "@carnet/server/store/store-unavailable";

/** Repeats a call while the database is away, as the background tasks of the service do. */
export async function onceBack<Value>(call: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await pause(20);
    }
  }
}
