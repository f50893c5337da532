import type { EventIds, Recorder } from "../audit/recorder.ts";
import type { Refusal } from "../refusal.ts";
import { renderRefusal, type TokenAnswer } from "./render.ts";
import { type Decided, refused } from "./token-events.ts";

export interface RefusalPorts {
  readonly recorder: Recorder;
  readonly eventIds: EventIds;
}

/** Records and renders a refusal. Handles every refusal, including those decided before the request was read. */
export async function refuseRequest(
  decided: Decided,
  refusal: Refusal,
  { recorder, eventIds }: RefusalPorts,
): Promise<TokenAnswer> {
  await recorder.record(refused(decided, refusal, eventIds));
  return renderRefusal(refusal);
}
