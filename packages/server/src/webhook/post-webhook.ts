import { describeFault } from "../fault.ts";

/** How one request to a receiver ended. */
export type PostOutcome =
  | { readonly kind: "delivered" }
  /** `refused`: the receiver will probably refuse the same request again. */
  | { readonly kind: "refused" | "failed"; readonly reason: string; readonly retryAfter: string | null }
  /** This process is stopping. */
  | { readonly kind: "stopped" };

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the request early. */
  readonly stopped: AbortSignal;
  /** Milliseconds from the start of the request to the head of the answer. */
  readonly timeout: number;
}

/** Posts JSON. Does not follow redirects, does not read the answer's body, and never throws. */
export async function postWebhook({ url, headers, body, stopped, timeout }: WebhookRequest): Promise<PostOutcome> {
  const late = AbortSignal.timeout(timeout);
  try {
    const signal = AbortSignal.any([stopped, late]);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      redirect: "manual", // a redirect could lead the events anywhere
      signal,
    });
    await response.body?.cancel().catch(() => {}); // the receiver may have closed the connection
    if (response.ok) return { kind: "delivered" };
    const kind = isFinal(response.status) ? "refused" : "failed";
    return { kind, reason: `status ${response.status}`, retryAfter: response.headers.get("retry-after") };
  } catch (error) {
    if (stopped.aborted) return { kind: "stopped" };
    const reason = late.aborted ? `no answer within ${timeout / 1000} seconds` : describeCause(error);
    return { kind: "failed", reason, retryAfter: null };
  }
}

/** Redirects, and the 4xx that do not ask to try again: RFC 9110 §15.5.9 (408) and RFC 6585 §4 (429) do. */
const isFinal = (status: number): boolean => status >= 300 && status < 500 && status !== 408 && status !== 429;

/** `fetch` throws a TypeError whose cause has the code, such as ECONNREFUSED. The messages may contain the URL. */
const describeCause = (error: unknown): string =>
  describeFault(error instanceof Error && error.cause !== undefined ? error.cause : error);
