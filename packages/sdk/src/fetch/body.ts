import { invalid } from "../errors/invalid-request-error.ts";
import { discard, readBounded } from "../http/bounded-body.ts";
import { startLimit } from "../http/limit.ts";
import { orAbort } from "../http/pause.ts";
import { isAsyncIterable } from "../http/request-kind.ts";
import { summarise } from "../redaction/summarise.ts";
import type { Settings } from "../settings/settings.ts";
import type { Outgoing } from "./outgoing.ts";

/** How many bytes of a `Request`'s body are buffered so that it can be sent again. */
const MAX_REPLAY_BYTES = 1_048_576;

/** Adds the body, and whether it can be sent again. A stream, or a `Request` body over 1 MiB, cannot. */
export async function withBody(settings: Settings, call: Outgoing, request: Request | undefined): Promise<Outgoing> {
  const { body } = call.init;
  if (body) return isAsyncIterable(body) ? sentOnce(call, body) : call;
  if (request?.bodyUsed) throw invalid("input", "was already read");
  if (!request?.body) return call;
  const { content, whole } = await beginning(settings, call, request);
  if (!whole) return sentOnce(call, request.body); // The original Request still has the whole body.
  discard(request);
  return { ...call, init: { ...call.init, body: await content.arrayBuffer() } };
}

function sentOnce(call: Outgoing, body: NonNullable<RequestInit["body"]>): Outgoing {
  return { ...call, repeatable: false, init: { ...call.init, body, duplex: "half", retries: 0 } };
}

/** Reads a copy of the body, within the signal and the time limit of the call. Its producer may never end. */
async function beginning(settings: Settings, call: Outgoing, request: Request): ReturnType<typeof readBounded> {
  const { signal, error, end } = startLimit(settings, call.init.signal, call.timeoutMs);
  try {
    signal.throwIfAborted();
    return await orAbort(readBounded(request.clone(), MAX_REPLAY_BYTES, signal), signal);
  } catch (thrown) {
    discard(request);
    throw error(call.url, false) ?? invalid("input", "has a body that failed: see the cause", summarise(thrown));
  } finally {
    end();
  }
}
