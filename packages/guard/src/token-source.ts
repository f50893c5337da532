/** The parts of a request that `verify` reads. A `Request` and the requests of Node, Express and Fastify have them. */
export interface IncomingRequest {
  /** A `Headers` object, or Node's object with lower-case names. */
  readonly headers: { get(name: string): string | null } | Readonly<Record<string, unknown>>;
  /** Node's list of names and values. It shows a repeated `Authorization`, which `headers` of Node hides. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The URL or the path, to refuse tokens in the query. */
  readonly url?: string | undefined;
  /** A parsed form, to refuse tokens in it. Anything else is ignored. */
  readonly body?: unknown;
}

/** A request, or the token itself. */
export type TokenSource = string | IncomingRequest;
