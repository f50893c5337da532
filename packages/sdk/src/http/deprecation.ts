/** What a server said of an address that is going away. */
export interface DeprecationNotice {
  /** The address without its query. */
  readonly url: string;
  /** Since when it is deprecated (RFC 9745); undefined where the header names no date. */
  readonly deprecatedAt: Date | undefined;
  /** When it stops to answer (RFC 8594); undefined where the server does not say. */
  readonly sunsetAt: Date | undefined;
  /** The `Link` header, which may name a successor and a notice. */
  readonly link: string | undefined;
}

/** What is called with each notice. */
export type OnDeprecation = (notice: DeprecationNotice) => void;

const MOST_URLS = 1000;

/** Passes each address's first notice on. Beyond a thousand addresses it says no more. */
export class DeprecationWatch {
  readonly #seen = new Set<string>();
  readonly #tell: OnDeprecation;

  constructor(tell: OnDeprecation = warn) {
    this.#tell = tell;
  }

  /** Looks at an answer; what the hook throws is dropped, since the answer itself is good. */
  look(url: string, headers: Headers): void {
    const deprecation = headers.get("deprecation");
    const sunset = headers.get("sunset");
    if (deprecation === null && sunset === null) return;
    if (this.#seen.has(url) || this.#seen.size >= MOST_URLS) return;
    this.#seen.add(url);
    try {
      this.#tell({
        url,
        deprecatedAt: dateOf(deprecation),
        sunsetAt: dateOf(sunset),
        link: headers.get("link") ?? undefined,
      });
    } catch {}
  }
}

/** Reads `@seconds` (RFC 9745) and the HTTP dates of RFC 8594 and of the drafts before. */
function dateOf(header: string | null): Date | undefined {
  if (header === null) return undefined;
  const seconds = /^@(-?\d{1,12})$/.exec(header.trim())?.[1];
  const ms = seconds === undefined ? Date.parse(header) : Number(seconds) * 1000;
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

interface Warners {
  readonly process?: { emitWarning?: (text: string, type: string) => void };
  readonly console: { warn: (text: string) => void };
}

/** The default: one warning, where the runtime shows its own. */
function warn({ url, deprecatedAt, sunsetAt }: DeprecationNotice): void {
  const since = deprecatedAt === undefined ? "" : ` since ${day(deprecatedAt)}`;
  const until = sunsetAt === undefined ? "" : `; it stops to answer on ${day(sunsetAt)}`;
  const text = `${url} is deprecated${since}${until}.`;
  const { process, console }: Warners = globalThis;
  if (process?.emitWarning) process.emitWarning(text, "DeprecationWarning");
  else console.warn(text);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
