/** How much of an answer's body is read, in bytes. */
export const BODY_LIMIT = 65_536;

/** The first part of a body as text. */
export interface BoundedBody {
  readonly text: string;
  /** False where the body went on beyond the limit. */
  readonly whole: boolean;
}

/** Reads a body up to a limit and leaves the rest unread; the abort ends the reading. */
export async function readBounded(response: Response, signal: AbortSignal | undefined): Promise<BoundedBody> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { text: "", whole: true };
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", cancel, { once: true });
  const bytes = new Uint8Array(BODY_LIMIT);
  let size = 0;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return { text: decode(bytes, size), whole: true };
      bytes.set(value.subarray(0, BODY_LIMIT - size), size);
      size += value.length;
      if (size > BODY_LIMIT) {
        cancel();
        return { text: decode(bytes, BODY_LIMIT), whole: false };
      }
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** Lets go of a body that nobody will read. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

function decode(bytes: Uint8Array, size: number): string {
  return new TextDecoder().decode(bytes.subarray(0, size));
}
