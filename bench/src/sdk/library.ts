/** A client library, configured for one client and one service. */
export interface Library {
  readonly title: string;
  readonly version: string;
  /** How it is used here, in one sentence. */
  readonly use: string;
  /** The access token, from the library's cache if it has one. */
  token(): Promise<string>;
  /** An authorised GET. Undefined if the library has none. */
  readonly fetch: ((url: string) => Promise<Response>) | undefined;
}

/** Configures a library for a service at a URL such as `http://127.0.0.1:8080`. */
export type OpenLibrary = (server: string) => Promise<Library>;
