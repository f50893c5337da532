/** Set on a token answer when the client or one of its secrets ends soon. */
export const expiryWarningHeader = "Carnet-Expiry-Warning";

/** One member of the header. */
export interface ExpiryNotice {
  readonly what: "client" | "secret";
  readonly secretId: string | null;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  readonly withinDays: number;
}

/**
 * Writes the header, such as `secret;id="k3…";at=@1798761600;within=30`.
 * @see https://www.rfc-editor.org/rfc/rfc9651#section-3.1
 */
export const formatExpiryWarnings = (notices: readonly ExpiryNotice[]): string =>
  notices
    .map(({ what, secretId, endsAt, withinDays }) => {
      const id = secretId === null ? "" : `;id="${secretId}"`;
      return `${what}${id};at=@${Math.floor(endsAt / 1000)};within=${withinDays}`;
    })
    .join(", ");

/**
 * Matches each well-formed member of the header and captures what ends, when, within how many days, and the secret id.
 * Parameters may come in any order (RFC 9651 §3.1); malformed and unknown members do not match.
 */
export const expiryWarningMember =
  /(?:^|,)\s*(client|secret)(?=;)(?=[^,]*; *at=@(\d{1,12})(?![^;, ]))(?=[^,]*; *within=(\d{1,3})(?![^;, ]))(?:[^,]*; *id="([^",;\\]+)"|)/g;
