/** The scopes of this service's own API. */
export const adminScopes = {
  readClients: "carnet:clients:read",
  writeClients: "carnet:clients:write",
  readAudit: "carnet:audit:read",
} as const;

export type AdminScope = (typeof adminScopes)[keyof typeof adminScopes];

/** The path of the admin API, relative to the issuer. */
export const adminPath = "/admin/v1";

/** The audience of tokens for the admin API. */
export const adminAudience = (issuer: string): string => `${issuer}/admin`;

/** As a client's `audience`: the admin API of this service, whatever its issuer. */
export const adminAudienceName = "urn:carnet:admin";
