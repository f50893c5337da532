import { invalid } from "../errors/invalid-request-error.ts";
import { redact } from "../redaction/redact.ts";
import { summarise } from "../redaction/summarise.ts";
import { notifyOnce } from "./notify-once.ts";
import { isAsyncIterable, isRequest } from "./request-kind.ts";
import { withoutQuery } from "./without-query.ts";

/** A function with the signature of `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Hooks around each request. */
export interface HTTPClientHooks {
  /** Runs before a request is sent. It may return another request to the same origin to send instead. */
  readonly beforeRequest?: (request: Request) => Request | undefined | Promise<Request | undefined>;
  /** Runs if a request got no response. `error` is a summary without secrets. What it throws is only reported. */
  readonly requestError?: (error: Error, request: Request) => void | Promise<void>;
  /** Runs after a response arrived. Use `clone()` to read its body here. What it throws is only reported. */
  readonly response?: (response: Response, request: Request) => void | Promise<void>;
}

/** The interface of an HTTP client that the SDK can use. {@link HTTPClient} implements it. */
export interface HTTPTransport {
  /** Sends one request, like `fetch`. */
  request(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * Sends requests with `fetch` and runs hooks around each. It does not retry, keeps no state, and follows redirects only
 * if the request asks for it. One client can be the `fetch` of another; then the hooks of both run.
 */
export class HTTPClient implements HTTPTransport {
  readonly #fetch: Fetch | undefined;
  readonly #hooks: HTTPClientHooks;
  readonly #report = notifyOnce<Error>(undefined, "A hook failed:");

  /** Without `fetch` it uses the runtime's own. */
  constructor(options: { readonly fetch?: Fetch | undefined; readonly hooks?: HTTPClientHooks | undefined } = {}) {
    this.#fetch = options.fetch;
    this.#hooks = options.hooks ?? {};
  }

  /**
   * Sends one request. A `response` or `requestError` hook that throws does not change the outcome, because the request was
   * sent: it causes one console warning.
   * @throws {InvalidRequestError} if `beforeRequest` throws or changes the origin, or if `response` reads the body
   */
  request(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    return beforeRequest || requestError || response
      ? this.#withHooks(input, init)
      : (this.#fetch ?? globalThis.fetch)(input, init);
  }

  async #withHooks(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    const report = (failed: Error): void => this.#report(failed.message, failed);
    const first = redactedRequest(new Request(input, init));
    const request = redactedRequest((await runHook("beforeRequest", first, () => beforeRequest?.(first))) ?? first);
    if (new URL(request.url).origin !== new URL(first.url).origin) {
      throw invalid("hooks.beforeRequest", "changed the origin");
    }
    // A hook's request must not override the redirect mode or the signal.
    const fixed = { redirect: first.redirect, signal: init?.signal ?? first.signal };
    const isStream = isRequest(input) || isAsyncIterable(init?.body);
    const answer = await this.#send(request, fixed, isStream).catch(async (error: unknown) => {
      const summary = summarise(error, credentialsOf(request));
      await runHook("requestError", request, () => requestError?.(summary, request)).catch(report);
      throw error;
    });
    await runHook("response", request, () => response?.(answer, request)).catch(report);
    if (answer.bodyUsed) throw invalid("hooks.response", "read the body. Read `response.clone()` instead");
    return answer;
  }

  /** Sends a URL to a custom fetch, because it may not recognise the runtime's `Request`, as undici's does not. */
  async #send(request: Request, fixed: RequestInit, isStream: boolean): Promise<Response> {
    if (!this.#fetch) return globalThis.fetch(request, fixed);
    const { url, method, headers, body } = request;
    // Only a body of known length is sent with a Content-Length.
    const content = isStream ? { body, duplex: "half" } : { body: body && (await request.arrayBuffer()) };
    return this.#fetch(url, { method, headers, ...content, ...fixed });
  }
}

/** Makes a request print its method and URL, but no header. */
function redactedRequest(request: Request): Request {
  redact(request.headers, () => [...request.headers.keys()]);
  return redact(request, () => ({ method: request.method, url: withoutQuery(request.url) }));
}

/** @throws {InvalidRequestError} if the hook fails */
async function runHook<T>(name: string, request: Request, run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    throw invalid(`hooks.${name}`, "failed: see the cause", summarise(error, credentialsOf(request)));
  }
}

/** The token of a request, or its Basic credentials. */
const credentialsOf = ({ headers }: Request): string | undefined => headers.get("authorization")?.replace(/^\w+ /, "");
