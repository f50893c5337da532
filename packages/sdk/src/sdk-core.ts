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

  /**
   * Aborts all pending calls and waits with a {@link RequestAbortedError} and makes later calls fail with an
   * {@link InvalidRequestError}. The bodies of responses that were already returned can still be read. Closing twice has no
   * further effect. It does not close the caller's `httpClient`.
   */
  close(): void {
    this.#closing.abort(new Error("The SDK was closed."));
  }

  /** Calls {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
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
