/** One request as it reached the network. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly form: URLSearchParams;
  readonly redirect: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What the network does with a request: an answer, an error to fail with, or a promise of one. */
export type Reaction = Response | Error | Promise<Response>;

/** A network in a variable: keeps what was sent and reacts as the test says. */
export interface Network {
  readonly sent: Sent[];
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** A network that reacts to the n-th request (from 0) as `react` says. */
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

/** A JSON answer. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), {
    ...init,
    headers: { "content-type": "application/json;charset=UTF-8", ...Object.fromEntries(new Headers(init.headers)) },
  });
}

/** A token endpoint's success, with `members` in place of the usual ones. */
export function tokenAnswer(members: Record<string, unknown> = {}): Response {
  return json({ access_token: "token-1", expires_in: 600, scope: "file:read", token_type: "Bearer", ...members });
}

/** An error as `fetch` of Node throws it. */
export function fetchFailed(code: string, facts: Record<string, unknown> = {}): TypeError {
  const cause = Object.assign(new Error(`${facts["syscall"] ?? "read"} ${code}`), { code, ...facts });
  return new TypeError("fetch failed", { cause });
}

/** The error of a connection that never stood. */
export function connectionRefused(): TypeError {
  return fetchFailed("ECONNREFUSED", { syscall: "connect" });
}
