import { invalid } from "../errors/invalid-request-error.ts";
import { readBounded } from "../http/bounded-body.ts";

/** The body of a call as it stands in `init`; absent for none, or where the caller's `Request` carries it. */
export interface Body {
  readonly body?: NonNullable<RequestInit["body"]>;
  /** What `fetch` needs to be told of a stream. */
  readonly duplex?: "half";
  /** Whether it can be sent more than once. */
  readonly repeatable: boolean;
}

/** Up to this much of a `Request`'s body is kept for sending it again, in bytes. */
const KEPT = 1_048_576;

/** What a call without a body has of one. */
export const NO_BODY: Body = { repeatable: true };

/** Finds the body and whether it can be sent again: not a stream, nor a `Request`'s body beyond 1 MiB. */
export async function bodyOf(input: string | URL | Request, { body }: RequestInit): Promise<Body> {
  if (body && Symbol.asyncIterator in Object(body)) {
    return { body, duplex: "half", repeatable: false };
  }
  if (body) return { body, repeatable: true };
  if (!(input instanceof Request && (input.body || input.bodyUsed))) return NO_BODY;
  if (input.bodyUsed) throw invalid("input", "was already read");
  const { content, whole } = await readBounded(input.clone(), KEPT);
  if (!whole) return { repeatable: false }; // The Request's own body still has all of it.
  void input.body?.cancel();
  return { body: await content.arrayBuffer(), repeatable: true };
}
