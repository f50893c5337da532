/** The scopes of this service's own API. */
export const adminScopes = {
  readClients: "carnet:clients:read",
  writeClients: "carnet:clients:write",
  readAudit: "carnet:audit:read",
} as const;

export type AdminScope = (typeof adminScopes)[keyof typeof adminScopes];

/** The scopes that let an API introspect tokens: those of its own audience, or all. */
export const introspectionScopes = { own: "carnet:introspect", all: "carnet:introspect:all" } as const;

/** The scopes that mean something to this service. They need no catalogue entry. */
export const ownScopes: ReadonlySet<string> = new Set([
  ...Object.values(adminScopes),
  ...Object.values(introspectionScopes),
]);

/** Whether a scope is one of this service's own. Only platform admins grant them. */
export const isOwnScope = (scope: string): boolean => scope.startsWith("carnet:");

/** The path of the admin API, relative to the issuer. */
export const adminPath = "/admin/v1";

/** The audience of tokens for the admin API. */
export const adminAudience = (issuer: string): string => `${issuer}/admin`;

/** As a client's `audience`: the admin API of this service, whatever its issuer. */
export const adminAudienceName = "urn:carnet:admin";
