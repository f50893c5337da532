/** The headers of every answer to a token request. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export const tokenResponseHeaders = {
  "Content-Type": "application/json;charset=UTF-8",
  "Cache-Control": "no-store",
  Pragma: "no-cache",
} as const;
