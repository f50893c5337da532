import { invalid } from "../errors/invalid-request-error.ts";

/** The body of a call. */
export interface Body {
  /** What to send; undefined for none, or where the caller's `Request` carries it. */
  readonly content: NonNullable<RequestInit["body"]> | undefined;
  /** Whether it can be sent more than once. */
  readonly repeatable: boolean;
}

/** Up to this much of a `Request`'s body is kept for sending it again, in bytes. */
const KEPT = 1_048_576;

const NONE: Body = { content: undefined, repeatable: true };

/** Finds the body and whether it can be sent again: not a stream, nor a `Request`'s body beyond 1 MiB. */
export async function bodyOf(request: Request | undefined, init: RequestInit, method: string): Promise<Body> {
  const given = init.body ?? undefined;
  if (given === undefined && request?.bodyUsed) throw invalid("body", "of the Request was already read");
  if (given === undefined && !request?.body) return NONE;
  if (/^(GET|HEAD)$/i.test(method)) throw invalid("body", `cannot be sent with ${method}`);
  if (given !== undefined) return { content: given, repeatable: isWhole(given) };
  return request === undefined ? NONE : await kept(request);
}

/** Whether a body is there as a whole, rather than a stream that is gone once it is read. */
function isWhole(body: unknown): boolean {
  if (typeof body === "string" || ArrayBuffer.isView(body)) return true;
  return [URLSearchParams, FormData, Blob, ArrayBuffer].some((kind) => body instanceof kind);
}

async function kept(request: Request): Promise<Body> {
  const reader = request.clone().body?.getReader();
  if (reader === undefined) return NONE;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  while (size <= KEPT) {
    const { done, value } = await reader.read();
    if (done) {
      void request.body?.cancel();
      return { content: await new Blob(chunks).arrayBuffer(), repeatable: true };
    }
    chunks.push(value);
    size += value.length;
  }
  void reader.cancel(); // The Request's own body still has all of it.
  return { content: undefined, repeatable: false };
}
