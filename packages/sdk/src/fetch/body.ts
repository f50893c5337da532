import { invalid } from "../errors/invalid-request-error.ts";
import { readBounded } from "../http/bounded-body.ts";

/** The request body of a call. */
export interface Body {
  /** The members to merge into `init`. Empty if there is no body, or if the `Request` carries it. */
  readonly content: { readonly body?: NonNullable<RequestInit["body"]>; readonly duplex?: "half" };
  /** Whether it can be sent more than once. */
  readonly repeatable: boolean;
}

/** How many bytes of a `Request`'s body are buffered so that it can be sent again. */
const MAX_REPLAY_BYTES = 1_048_576;

export const NO_BODY: Body = { content: {}, repeatable: true };

/** Finds the body and whether it can be sent again. A stream, or a `Request` body over 1 MiB, cannot. */
export async function bodyOf(input: string | URL | Request, { body }: RequestInit): Promise<Body> {
  if (body && Symbol.asyncIterator in Object(body)) return { content: { body, duplex: "half" }, repeatable: false };
  if (body) return { content: { body }, repeatable: true };
  if (!(input instanceof Request && (input.body || input.bodyUsed))) return NO_BODY;
  if (input.bodyUsed) throw invalid("input", "was already read");
  const { content, whole } = await readBounded(input.clone(), MAX_REPLAY_BYTES);
  if (!whole) return { content: {}, repeatable: false }; // The original Request still has the whole body.
  void input.body?.cancel();
  return { content: { body: await content.arrayBuffer() }, repeatable: true };
}
