import { paths } from "./endpoints.ts";

/** 2026-02-12: since when the old token path is deprecated, in milliseconds since the epoch. */
export const deprecatedSince = Date.UTC(2026, 1, 12);

/** 2029-01-31: from when the old token path answers 410 unless an operator moves it, in milliseconds since the epoch. */
export const defaultSunset = Date.UTC(2029, 0, 31);

/**
 * The headers that every answer under the deprecated path carries.
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
