import { CarnetError } from "../errors/carnet-error.ts";
import { invalid } from "../errors/invalid-request-error.ts";
import { redact } from "../redaction/redact.ts";
import { summarise } from "../redaction/summarise.ts";
import { withoutQuery } from "./without-query.ts";

/** A function with the signature of `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a caller may hang on each request. */
export interface HTTPClientHooks {
  /** Runs before a request is sent; may return another one for the same origin to send instead. */
  readonly beforeRequest?: (request: Request) => Request | undefined | Promise<Request | undefined>;
  /** Runs after a request got no answer; `error` is a summary without secrets. */
  readonly requestError?: (error: Error, request: Request) => void | Promise<void>;
  /** Runs after an answer came; reading its body here needs a `clone()`. */
  readonly response?: (response: Response, request: Request) => void | Promise<void>;
}

/** What the SDK needs of an HTTP client; {@link HTTPClient} is one. */
export interface HTTPTransport {
  request(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * Sends requests by `fetch`, with hooks around each. It does not retry, follows no redirect that the request does not
 * ask for, and keeps no state. One client may be the `fetch` of another, so that the hooks of both run.
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
   * @throws {InvalidRequestError} if a hook failed or changed the origin
   */
  request(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    return beforeRequest || requestError || response ? this.#withHooks(input, init) : this.#fetch(input, init);
  }

  async #withHooks(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    const first = shown(new Request(input, init));
    const request = shown((await guarded("beforeRequest", () => beforeRequest?.(first))) ?? first);
    if (new URL(request.url).origin !== new URL(first.url).origin) {
      throw invalid("hooks.beforeRequest", "changed the origin");
    }
    // The redirect policy and the signal are the SDK's to set, whatever request a hook made.
    const fixed = { redirect: first.redirect, signal: init?.signal ?? first.signal };
    const answer = await this.#fetch(request, fixed).catch(async (error: unknown) => {
      await guarded("requestError", () => requestError?.(summarise(error), request));
      throw error;
    });
    await guarded("response", () => response?.(answer, request));
    return answer;
  }
}

/** A request that shows its method and address, but no header, when it is printed. */
function shown(request: Request): Request {
  redact(request.headers, () => [...request.headers.keys()]);
  return redact(request, () => ({ method: request.method, url: withoutQuery(request.url) }));
}

async function guarded<T>(hook: keyof HTTPClientHooks, run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof CarnetError ? error : invalid(`hooks.${hook}`, "failed: see the cause", summarise(error));
  }
}
