import { invalid } from "./errors/invalid-request-error.ts";
import { withoutQuery } from "./http/without-query.ts";
import { REDACTED, redact } from "./redaction/redact.ts";
import type { SDKOptions } from "./settings/options.ts";
import { resolve } from "./settings/resolve.ts";
import type { Settings } from "./settings/settings.ts";

let read: (core: SDKCore) => Settings;

/** The checked options and the closed state. The functions of `@carnet/sdk/funcs` take one. */
export class SDKCore {
  readonly #settings: Settings;
  readonly #closing = new AbortController();

  static {
    read = (core) => core.#settings;
  }

  /** @throws {InvalidRequestError} if an option is invalid */
  constructor(options: SDKOptions = {}) {
    this.#settings = resolve(options, this.#closing.signal);
    const { serverURL, tokenURL } = this.#settings;
    redact(this, () => ({ serverURL, tokenURL: withoutQuery(tokenURL), security: REDACTED }));
  }

  /** Rejects later calls and aborts the cache's pending token requests. It does not close the caller's `httpClient`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }
}

/**
 * The settings of a core.
 * @throws {InvalidRequestError} if it is closed
 */
export function settingsOf(core: SDKCore): Settings {
  const settings = read(core);
  if (settings.closing.aborted) throw invalid("sdk", "is closed");
  return settings;
}
