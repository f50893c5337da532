import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { redact } from "../redaction/redact.ts";
import { summarise } from "../redaction/summarise.ts";
import { withoutQuery } from "./without-query.ts";

/** A function with the signature of `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Hooks around each request. */
export interface HTTPClientHooks {
  /** Runs before a request is sent. It may return another request to the same origin to send instead. */
  readonly beforeRequest?: (request: Request) => Request | undefined | Promise<Request | undefined>;
  /** Runs if a request got no response. `error` is a summary without secrets. */
  readonly requestError?: (error: Error, request: Request) => void | Promise<void>;
  /** Runs after a response arrived. Use `clone()` to read its body here. */
  readonly response?: (response: Response, request: Request) => void | Promise<void>;
}

/** The interface of an HTTP client that the SDK can use. {@link HTTPClient} implements it. */
export interface HTTPTransport {
  request(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * Sends requests with `fetch` and runs hooks around each. It does not retry, keeps no state, and follows redirects only
 * if the request asks for it. One client can be the `fetch` of another; then the hooks of both run.
 */
export class HTTPClient implements HTTPTransport {
  readonly #fetch: Fetch;
  readonly #hooks: HTTPClientHooks;

  constructor(options: { readonly fetch?: Fetch | undefined; readonly hooks?: HTTPClientHooks | undefined } = {}) {
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#hooks = options.hooks ?? {};
  }

  /**
   * Sends one request.
   * @throws {InvalidRequestError} if a hook throws or changes the origin
   */
  request(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    return beforeRequest || requestError || response ? this.#withHooks(input, init) : this.#fetch(input, init);
  }

  async #withHooks(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    const first = redactedRequest(new Request(input, init));
    const request = redactedRequest((await runHook("beforeRequest", () => beforeRequest?.(first))) ?? first);
    if (new URL(request.url).origin !== new URL(first.url).origin) {
      throw invalid("hooks.beforeRequest", "changed the origin");
    }
    // A hook's request must not override the redirect mode or the signal.
    const fixed = { redirect: first.redirect, signal: init?.signal ?? first.signal };
    const answer = await this.#fetch(request, fixed).catch(async (error: unknown) => {
      await runHook("requestError", () => requestError?.(summarise(error), request));
      throw error;
    });
    await runHook("response", () => response?.(answer, request));
    return answer;
  }
}

/** Makes a request print its method and URL, but no header. */
function redactedRequest(request: Request): Request {
  redact(request.headers, () => [...request.headers.keys()]);
  return redact(request, () => ({ method: request.method, url: withoutQuery(request.url) }));
}

async function runHook<T>(hook: keyof HTTPClientHooks, run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof CarnetError ? error : invalid(`hooks.${hook}`, "failed: see the cause", summarise(error));
  }
}
