/**
 * The headers of every answer to a token request. They stand apart from the schemas of the answers, which nobody needs to
 * give a token. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export const tokenResponseHeaders = {
  "Content-Type": "application/json;charset=UTF-8",
  "Cache-Control": "no-store",
  Pragma: "no-cache",
} as const;
