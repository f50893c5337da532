import { invalid } from "./errors/invalid-request-error.ts";
import { withoutQuery } from "./http/without-query.ts";
import { REDACTED, redact } from "./redaction/redact.ts";
import type { SDKOptions } from "./settings/options.ts";
import { resolve } from "./settings/resolve.ts";
import type { Settings } from "./settings/settings.ts";

let read: (core: SDKCore) => Settings;

/** What the functions of `@carnet/sdk/funcs` work with: the checked options, and whether it is closed. */
export class SDKCore {
  readonly #settings: Settings;
  readonly #closing = new AbortController();

  static {
    read = (core) => core.#settings;
  }

  /** @throws {InvalidRequestError} for an option that cannot be used */
  constructor(options: SDKOptions = {}) {
    this.#settings = resolve(options, this.#closing.signal);
    const { serverURL, tokenURL } = this.#settings;
    redact(this, () => ({ serverURL, tokenURL: withoutQuery(tokenURL), security: REDACTED }));
  }

  /** Refuses later calls and ends the cache's token requests under way; a client that the caller gave stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }
}

/** The settings behind a core. */
export function settingsOf(core: SDKCore): Settings {
  const settings = read(core);
  if (settings.closing.aborted) throw invalid("sdk", "is closed");
  return settings;
}
