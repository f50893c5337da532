import { BODY_LIMIT, readBounded } from "../http/bounded-body.ts";
import type { Scrub } from "../redaction/scrub.ts";

/** A token endpoint's answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** True where it is a redirect, which a browser shows without a status. */
  readonly redirect: boolean;
  readonly text: string;
  /** False where the body was longer than is read. */
  readonly whole: boolean;
  /** When the request was sent, by the monotonic clock. */
  readonly sentAt: number;
}

/** Reads an answer; its body is bounded. */
export async function readAnswer(
  response: Response,
  at: { sentAt: number; signal: AbortSignal | undefined },
): Promise<Answer> {
  const { text, whole } = await readBounded(response, at.signal);
  const { status, headers, type } = response;
  const redirect = (status >= 300 && status < 400) || type === "opaqueredirect";
  return { status, headers, redirect, text, whole, sentAt: at.sentAt };
}

/** What every error keeps of an answer. */
export function factsOf(
  answer: Answer,
  scrub: Scrub,
): { status: number; headers: Headers; requestId: string | undefined; body: string } {
  const id = answer.headers.get("x-request-id") ?? "";
  return {
    status: answer.status,
    headers: answer.headers,
    requestId: /^[\x21-\x7e]{1,128}$/.test(id) ? scrub(id) : undefined,
    body: scrub(answer.text).slice(0, BODY_LIMIT),
  };
}

/** The members of a JSON object; undefined for anything else. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
