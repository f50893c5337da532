/** The paths of the admin API, after its own. */

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const clientPath = (clientId: string): string => `/clients/${encodeURIComponent(clientId)}`;

export const secretPath = (clientId: string, secretId: string): string =>
  `${clientPath(clientId)}/secrets/${encodeURIComponent(secretId)}`;

export const scopePath = (name: string): string => `/scopes/${encodeURIComponent(name)}`;

export const keyPath = (kid: string): string => `/keys/${encodeURIComponent(kid)}`;

export const ownerPath = (name: string): string => `/owners/${encodeURIComponent(name)}`;

export function queryOf(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) parameters.append(name, one);
  return parameters.size === 0 ? "" : `?${parameters}`;
}
