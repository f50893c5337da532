/** One request as the network received it. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly form: URLSearchParams;
  readonly redirect: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The network's reaction to a request: a response, an error, or a promise of a response. */
export type Reaction = Response | Error | Promise<Response>;

/** An in-memory network that records requests. */
export interface Network {
  readonly sent: Sent[];
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** An in-memory network that reacts to the n-th request (from 0) with `react`. */
export function network(react: (sent: Sent, n: number) => Reaction): Network {
  const sent: Sent[] = [];
  return {
    sent,
    async fetch(input, init) {
      const request = new Request(input, init);
      const body = await request.text();
      const one = {
        url: request.url,
        method: request.method,
        headers: request.headers,
        body,
        form: new URLSearchParams(body),
        redirect: init?.redirect,
        signal: init?.signal ?? undefined,
      };
      const n = sent.push(one) - 1;
      const reaction = await react(one, n);
      if (reaction instanceof Error) throw reaction;
      return reaction;
    },
  };
}

/** A JSON response. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), {
    ...init,
    headers: { "content-type": "application/json;charset=UTF-8", ...Object.fromEntries(new Headers(init.headers)) },
  });
}

/** A successful token response. `members` override the defaults. */
export function tokenAnswer(members: Record<string, unknown> = {}): Response {
  return json({ access_token: "token-1", expires_in: 600, scope: "file:read", token_type: "Bearer", ...members });
}

/** An error as Node's `fetch` throws it. */
export function fetchFailed(code: string, facts: Record<string, unknown> = {}): TypeError {
  const cause = Object.assign(new Error(`${facts["syscall"] ?? "read"} ${code}`), { code, ...facts });
  return new TypeError("fetch failed", { cause });
}

/** The error of a refused connection. */
export function connectionRefused(): TypeError {
  return fetchFailed("ECONNREFUSED", { syscall: "connect" });
}
