import type { IncomingMessage } from "node:http";
import { err, ok, type Result } from "@carnet/protocol/result";

export type MissingBody = "too large" | "cut off";

/**
 * Receives the whole body of a request. Once it exceeds the limit, the rest is read and discarded, because a caller
 * that is still sending would not see the refusal.
 */
export function receiveBody(request: IncomingMessage, limit: number): Promise<Result<Buffer, MissingBody>> {
  return new Promise((resolve) => {
    let received: Buffer = empty;
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      const before = length;
      length += chunk.length;
      if (length > limit) resolve(err("too large"));
      else received = before === 0 ? chunk : append(received, { length: before, chunk, limit });
    });
    request.on("end", () => resolve(ok(received.length === length ? received : received.subarray(0, length))));
    request.on("error", () => resolve(err("cut off")));
    if (Number(request.headers["content-length"]) > limit) resolve(err("too large"));
  });
}

const empty = Buffer.alloc(0);

/**
 * Grows by doubling: a list of one-byte chunks would weigh hundreds of times the body, and room for the limit from the
 * start would give every slow sender 64 KiB.
 */
function append(
  received: Buffer,
  { length, chunk, limit }: { readonly length: number; readonly chunk: Buffer; readonly limit: number },
): Buffer {
  let grown = received;
  if (grown.length < length + chunk.length) {
    // Not from Node's pool, because a slow body would keep a whole slab alive
    grown = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(2 * received.length, length + chunk.length)));
    received.copy(grown, 0, 0, length);
  }
  chunk.copy(grown, length);
  return grown;
}
