/** Sends the guard's own requests: bounded in time and size, without following redirects. */
import type { Settings } from "./settings.ts";

/** The parts of a response that the guard reads. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One request of the guard. */
export interface Call extends Pick<RequestInit, "method" | "body"> {
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest accepted body in bytes. */
  readonly limit: number;
}

const timeLimit = 5000;

/** Thrown when a server accepts a request and does not answer in time. */
export class Timeout extends Error {}

/** Sends a request. Throws an `Error` whose message names the URL and the cause, but nothing that was sent. */
export async function send({ fetch }: Pick<Settings, "fetch">, url: string, call: Call): Promise<Answer> {
  const { limit, ...init } = call;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeLimit);
  try {
    // A redirect could lead to a server that the operator did not choose. Workers know only "manual", not "error".
    const response = await fetch(url, { ...init, redirect: "manual", signal: controller.signal });
    return { status: response.status, headers: response.headers, text: await readText(response, limit) };
  } catch (error) {
    if (controller.signal.aborted) throw new Timeout(`${url} did not answer: timeout`);
    throw new Error(`${url} did not answer: ${causeOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Gets a JSON object. Throws an `Error` that names the URL. */
export async function getJson(settings: Pick<Settings, "fetch">, url: string) {
  const answer = await send(settings, url, { headers: { Accept: "application/json" }, limit: 1024 * 1024 });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return { json: parseObject(answer.text, url), headers: answer.headers };
}

/** Parses a JSON object. Throws an `Error` that names the URL and does not quote the text. */
export function parseObject(text: string, url: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // The parser's message would quote the text.
  }
  throw new Error(`${url} did not answer with a JSON object`);
}

async function readText({ body }: Response, limit: number): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return text + decoder.decode();
    size += part.value.length;
    if (size > limit) {
      reader?.cancel().catch(() => {});
      throw new TooLong();
    }
    text += decoder.decode(part.value, { stream: true });
  }
}

class TooLong extends Error {
  readonly code = "the answer is too long";
}

/** A code such as ECONNREFUSED, or the error's name. Messages of a foreign `fetch` could repeat what was sent. */
function causeOf(error: unknown): string {
  const { code, name, cause } = Object(error);
  return String(code ?? Object(cause).code ?? name ?? "unknown error");
}
