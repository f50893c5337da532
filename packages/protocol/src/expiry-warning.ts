/** Warns a caller, on its own token answers, of what of its credentials ends soon. */
export const expiryWarningHeader = "Carnet-Expiry-Warning";

/** Something that ends soon, as the header says it. */
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
