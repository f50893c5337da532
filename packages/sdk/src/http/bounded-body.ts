/** The first part of a body. */
export interface BoundedBody {
  readonly content: Blob;
  /** False where the body went on beyond the limit. */
  readonly whole: boolean;
}

/** What may have a body that is not read yet. */
export interface Bodied {
  readonly body?: Response["body"];
}

/** Reads a body up to `limit` bytes and leaves the rest unread; the abort ends the reading. */
export async function readBounded(
  { body }: Pick<Response, "body">,
  limit: number,
  signal?: AbortSignal | null,
): Promise<BoundedBody> {
  const reader = body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => {});
  signal?.addEventListener("abort", cancel);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  while (reader && size <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  const whole = size <= limit;
  if (!whole) cancel();
  return { content: new Blob(chunks).slice(0, limit), whole };
}

/** Lets go of a body that nobody will read. */
export function discard({ body }: Bodied): void {
  body?.cancel().catch(() => {});
}
