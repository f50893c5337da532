import type { IncomingMessage } from "node:http";
import type { RandomSource } from "@carnet/core/ports";

/** Names a request in answers and logs: by the caller's own id, if it is 1 to 128 visible ASCII characters. */
export function requestIdOf({ headers }: IncomingMessage, random: RandomSource): string {
  const own = headers["x-request-id"];
  return typeof own === "string" && /^[\x21-\x7e]{1,128}$/.test(own) ? own : random.uuid();
}
