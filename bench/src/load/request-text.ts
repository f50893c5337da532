/** What differs between the requests of one load: who asks, and whether with the right secret. */
export type Callers =
  | { readonly kind: "one"; readonly id: string; readonly secret: string }
  | { readonly kind: "registry"; readonly size: number; readonly draw: "each-once" | "uniform" | "zipf" };

/** A token request of one contender. */
export interface RequestShape {
  readonly path: string;
  readonly scope: string;
  /** Further form parameters, such as a resource. */
  readonly parameters: Readonly<Record<string, string>>;
}

const extra = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
    .join("");

/** A function that writes the text of a request for a client, as bytes to be sent. */
export function requestWriter(
  { path, scope, parameters }: RequestShape,
  port: number,
): (id: string, secret: string) => string {
  const start = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: `;
  const rest = `&scope=${encodeURIComponent(scope)}${extra(parameters)}`;
  return (id, secret) => {
    const body = `grant_type=client_credentials&client_id=${id}&client_secret=${secret}${rest}`;
    return `${start}${body.length}\r\n\r\n${body}`;
  };
}
