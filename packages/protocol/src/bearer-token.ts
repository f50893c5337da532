/** The token of an `Authorization: Bearer` header; undefined for anything else. @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const parseBearerToken = (authorization: string): string | undefined =>
  /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
