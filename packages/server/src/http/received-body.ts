import type { IncomingMessage } from "node:http";
import { err, ok, type Result } from "@carnet/protocol/result";

/** Why a body is not there: it is too large, or its connection ended before it did. */
export type MissingBody = "too large" | "cut off";

/**
 * Receives the whole body of a request and hands it over once. What comes after more bytes than the limit is read and
 * thrown away, as far as the caller sends it, so that the refusal reaches them.
 */
export function receiveBody(
  request: IncomingMessage,
  limit: number,
  done: (body: Result<Buffer, MissingBody>) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  let length = 0;
  let finished = false;
  const finish = (body: Result<Buffer, MissingBody>): void => {
    if (finished) return;
    finished = true;
    done(body);
  };
  request.on("data", (chunk: Buffer) => {
    const start = length;
    length += chunk.length;
    if (length > limit) return finish(err("too large"));
    if (start === 0) received = chunk;
    else {
      // Not a list of chunks: one of a single byte each would weigh hundreds of times the body
      if (received.length < limit) received = Buffer.concat([received], limit);
      chunk.copy(received, start);
    }
  });
  request.on("end", () => finish(ok(received.subarray(0, length))));
  request.on("error", () => finish(err("cut off")));
  if (Number(request.headers["content-length"]) > limit) finish(err("too large"));
}
