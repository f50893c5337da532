/** A library that gets tokens for callers, set up for one client at one service. */
export interface Library {
  readonly title: string;
  readonly version: string;
  /** How it is used here, one sentence. */
  readonly use: string;
  /** The access token, from wherever the library keeps it. */
  token(): Promise<string>;
  /** An authorised GET; undefined where the library has none of its own. */
  readonly fetch: ((url: string) => Promise<Response>) | undefined;
}

/** Sets a library up for a service at an address such as `http://127.0.0.1:8080`. */
export type OpenLibrary = (server: string) => Promise<Library>;
