import { CarnetError } from "../errors/carnet-error.ts";
import { InvalidRequestError } from "../errors/invalid-request-error.ts";
import { redact } from "../redaction/redact.ts";
import { scrubber } from "../redaction/scrub.ts";
import { summarise } from "../redaction/summarise.ts";

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
 * Sends requests by `fetch`, with hooks around each. It does not retry, follow no redirect that the request does not
 * ask for, and keeps no state but its hooks.
 */
export class HTTPClient implements HTTPTransport {
  readonly #fetch: Fetch;
  readonly #hooks: HTTPClientHooks[] = [];
  #closed = false;

  constructor(options: { readonly fetch?: Fetch | undefined; readonly hooks?: HTTPClientHooks | undefined } = {}) {
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    if (options.hooks !== undefined) this.addHooks(options.hooks);
  }

  /** Adds hooks; each kind runs in the order of adding. */
  addHooks(hooks: HTTPClientHooks): this {
    this.#hooks.push(hooks);
    return this;
  }

  /** Takes away hooks that were added; does nothing where they were not. */
  removeHooks(hooks: HTTPClientHooks): this {
    const at = this.#hooks.indexOf(hooks);
    if (at >= 0) this.#hooks.splice(at, 1);
    return this;
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Refuses every later request; those under way go on. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Sends one request.
   * @throws {InvalidRequestError} if the client is closed, or a hook failed or changed the origin
   */
  request(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    if (this.#closed) {
      return Promise.reject(new InvalidRequestError("The HTTP client is closed.", { field: "httpClient" }));
    }
    return this.#hooks.length === 0 ? this.#fetch(input, init) : this.#withHooks(new Request(input, init), init);
  }

  async #withHooks(first: Request, init: RequestInit | undefined): Promise<Response> {
    const hooks = [...this.#hooks];
    let request = shown(first);
    for (const { beforeRequest } of hooks) {
      const other = await guarded("beforeRequest", () => beforeRequest?.(request));
      if (other instanceof Request) request = shown(sameOrigin(first, other));
    }
    let response: Response;
    try {
      // The redirect policy and the signal are the SDK's to set, whatever request a hook made.
      response = await this.#fetch(request, { redirect: first.redirect, signal: init?.signal ?? first.signal });
    } catch (error) {
      const summary = summarise(error, scrubber([]));
      for (const { requestError } of hooks) await guarded("requestError", () => requestError?.(summary, request));
      throw error;
    }
    for (const hook of hooks) await guarded("response", () => hook.response?.(response, request));
    return response;
  }
}

/** A request that shows its method and address, but no header, when it is printed. */
function shown(request: Request): Request {
  redact(request.headers, () => [...request.headers.keys()]);
  return redact(request, () => ({ method: request.method, url: request.url.replace(/[?#].*/s, "") }));
}

function sameOrigin(first: Request, other: Request): Request {
  if (new URL(first.url).origin === new URL(other.url).origin) return other;
  const field = "hooks.beforeRequest";
  throw new InvalidRequestError("A beforeRequest hook sent the request to another origin: it was not sent.", { field });
}

async function guarded<T>(hook: keyof HTTPClientHooks, run: () => T): Promise<Awaited<T>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CarnetError) throw error;
    const cause = summarise(error, scrubber([]));
    throw new InvalidRequestError(`A ${hook} hook failed: see the cause.`, { field: `hooks.${hook}`, cause });
  }
}
