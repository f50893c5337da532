/** The scopes of this service's own API. */
export const adminScopes = {
  readClients: "carnet:clients:read",
  writeClients: "carnet:clients:write",
} as const;

export type AdminScope = (typeof adminScopes)[keyof typeof adminScopes];

/** Where the admin API is, relative to the issuer. */
export const adminPath = "/admin/v1";

/** The audience of tokens for the admin API. */
export const adminAudience = (issuer: string): string => `${issuer}/admin`;

/** Stands for the audience of this service's own admin API in a client's `audience`, whatever the issuer is set to. */
export const adminAudienceName = "urn:carnet:admin";
