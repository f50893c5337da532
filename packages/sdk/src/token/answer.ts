import { BODY_LIMIT } from "../http/answer-facts.ts";
import { readBounded } from "../http/bounded-body.ts";

/** A token endpoint's response after reading its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The secret that was sent, if any, to be removed from messages. */
  readonly secret: string | undefined;
}

/** Reads a response with at most 64 KiB of its body. */
export async function readAnswer(
  response: Response,
  signal: AbortSignal | null | undefined,
  secret?: string,
): Promise<Answer> {
  const { status, headers } = response;
  const { content } = await readBounded(response, BODY_LIMIT, signal);
  return { status, headers, text: await content.text(), secret };
}

/** Parses JSON and returns its members, none unless it is an object. Undefined if the text is not JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
