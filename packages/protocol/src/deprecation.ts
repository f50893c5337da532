import { paths } from "./endpoints.ts";

/** The old token path has been deprecated since 2026-02-12, in milliseconds since the epoch. */
export const deprecatedSince = Date.UTC(2026, 1, 12);

/** The old token path answers 410 from 2029-01-31 unless configured otherwise, in milliseconds since the epoch. */
export const defaultSunset = Date.UTC(2029, 0, 31);

/**
 * The headers of every answer under the deprecated path.
 * @see https://www.rfc-editor.org/rfc/rfc9745#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc8594#section-3
 */
export function deprecationHeaders(issuer: string, sunsetAt: number): Readonly<Record<string, string>> {
  const notice = `${issuer}${paths.docs}`;
  return {
    Deprecation: `@${Math.floor(deprecatedSince / 1000)}`,
    Sunset: new Date(sunsetAt).toUTCString(),
    Link:
      `<${issuer}${paths.token}>; rel="successor-version", ` +
      `<${notice}>; rel="deprecation"; type="text/html", <${notice}>; rel="sunset"; type="text/html"`,
  };
}
