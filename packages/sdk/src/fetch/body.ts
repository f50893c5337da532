import { invalid } from "../errors/invalid-request-error.ts";
import { readBounded } from "../http/bounded-body.ts";

/** The body of a call. */
export interface Body {
  /** It as it stands in `init`, with what `fetch` needs to be told of a stream; empty for none, or a `Request`'s own. */
  readonly content: { readonly body?: NonNullable<RequestInit["body"]>; readonly duplex?: "half" };
  /** Whether it can be sent more than once. */
  readonly repeatable: boolean;
}

/** Up to this much of a `Request`'s body is kept for sending it again, in bytes. */
const KEPT = 1_048_576;

/** What a call without a body has of one. */
export const NO_BODY: Body = { content: {}, repeatable: true };

/** Finds the body and whether it can be sent again: not a stream, nor a `Request`'s body beyond 1 MiB. */
export async function bodyOf(input: string | URL | Request, { body }: RequestInit): Promise<Body> {
  if (body && Symbol.asyncIterator in Object(body)) return { content: { body, duplex: "half" }, repeatable: false };
  if (body) return { content: { body }, repeatable: true };
  if (!(input instanceof Request && (input.body || input.bodyUsed))) return NO_BODY;
  if (input.bodyUsed) throw invalid("input", "was already read");
  const { content, whole } = await readBounded(input.clone(), KEPT);
  if (!whole) return { content: {}, repeatable: false }; // The Request's own body still has all of it.
  void input.body?.cancel();
  return { content: { body: await content.arrayBuffer() }, repeatable: true };
}
