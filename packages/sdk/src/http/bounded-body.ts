import { releaseBody } from "./limit.ts";
import { onAbort } from "./on-abort.ts";

/** The beginning of a body. */
export interface BoundedBody {
  readonly content: Blob;
  /** False if the body was longer than the limit. */
  readonly whole: boolean;
}

export interface HasBody {
  readonly body?: Response["body"];
}

/** Reads at most `limit` bytes of a body and cancels the rest. An abort of the request's own signal stops the reading. */
export async function readBounded(
  { body }: Pick<Response, "body">,
  limit: number,
  signal?: AbortSignal | null,
): Promise<BoundedBody> {
  const reader = body?.getReader();
  const cancel = (): void => void reader?.cancel().catch(() => {});
  const forget = onAbort([signal], cancel);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    while (reader && size <= limit) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
  } finally {
    forget();
  }
  const whole = size <= limit;
  if (!whole) cancel();
  return { content: new Blob(chunks).slice(0, limit), whole };
}

type Unread = HasBody | undefined;

/** Cancels a body that will not be read, which frees its connection. It ignores failures, such as of a body that is being read. */
export function discard(response: Unread | Promise<Unread>): void {
  cancelBody(response).catch(() => {});
}

async function cancelBody(response: Unread | Promise<Unread>): Promise<void> {
  const body = (await response)?.body;
  if (body) releaseBody(body);
  await body?.cancel();
}
